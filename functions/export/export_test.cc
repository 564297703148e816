#include <gmock/gmock.h>

#include "tidemill/testing/function_host.h"

namespace tidemill::exporting {
namespace {

using ::testing::ElementsAre;
using testing::FunctionHost;
using ::testing::IsEmpty;

constexpr std::uint64_t now = 1'790'000'000'000'000;  // 2026-09-21T14:13:20Z

TEST(Export, WritesRowsAsLines) {
  FunctionHost host({{"table", "users"}});
  host.tables["users"] = {{"a", R"({"n": 1})"}, {"b", "plain \"text\""}};
  host.event("", "{}", now);

  const auto answer = host.invoke();

  EXPECT_EQ(answer.on("objects").key, "users/2026-09-21/part-00001.ndjson");
  EXPECT_EQ(answer.on("objects").content_type, "application/x-ndjson");
  EXPECT_EQ(
      answer.on("objects").data,
      "{\"key\":\"a\",\"value\":{\"n\":1}}\n{\"key\":\"b\",\"value\":\"plain \\\"text\\\"\"}\n");
  EXPECT_THAT(answer.keys_on("next"), IsEmpty());
}

TEST(Export, ALargeTableIsSeveralObjects) {
  FunctionHost host({{"table", "users"}, {"name", "backup"}, {"rows_max", "2"}});
  for (const char* key : {"a", "b", "c"}) host.tables["users"][key] = "1";
  host.event("", "{}", now);

  const auto first = host.invoke();
  host.event("", first.on("next").data, 0);
  const auto second = host.invoke();

  EXPECT_THAT(first.keys_on("objects"), ElementsAre("backup/2026-09-21/part-00001.ndjson"));
  EXPECT_THAT(second.keys_on("objects"), ElementsAre("backup/2026-09-21/part-00002.ndjson"));
  EXPECT_EQ(second.on("objects").data, "{\"key\":\"c\",\"value\":1}\n");
  EXPECT_THAT(second.keys_on("next"), IsEmpty());
}

TEST(Export, AnObjectIsFullOfBytesToo) {
  FunctionHost host({{"table", "users"}, {"bytes_max", "10"}});
  for (const char* key : {"a", "b"}) host.tables["users"][key] = "1";
  host.event("", "{}", now);

  const auto first = host.invoke();

  EXPECT_EQ(first.on("objects").data, "{\"key\":\"a\",\"value\":1}\n");
  EXPECT_THAT(first.keys_on("next"), ElementsAre(""));
}

TEST(Export, AnEmptyTableIsAnEmptyObject) {
  FunctionHost host({{"table", "users"}});
  host.event("", "{}", now);

  const auto answer = host.invoke();

  EXPECT_THAT(answer.keys_on("objects"), ElementsAre("users/2026-09-21/part-00001.ndjson"));
  EXPECT_EQ(answer.on("objects").data, "");
}

}  // namespace
}  // namespace tidemill::exporting

#include <gmock/gmock.h>

#include "tidemill/testing/function_host.h"

namespace tidemill::cleanup {
namespace {

using ::testing::ElementsAre;
using testing::FunctionHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t now = 1'790'000'000'000'000;  // 2026-09-21T14:13:20Z

FunctionHost::Options options(FunctionHost::Options more = {}) {
  FunctionHost::Options all{{"table", "photos"}, {"older_than", "86400000000"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(Cleanup, RemovesWhatIsOldAndLeavesTheRest) {
  FunctionHost host(options());
  host.tables["photos"] = {{"new", R"({"created_at": "2026-09-21T10:00:00Z"})"},
                           {"old", R"({"created_at": "2026-09-20T14:13:19Z"})"},
                           {"timeless", R"({"size": 7})"},
                           {"unreadable", "not JSON"}};
  host.event("", "{}", now);

  const auto answer = host.invoke();

  EXPECT_THAT(answer.keys_on("rows"), ElementsAre("old"));
  EXPECT_THAT(answer.keys_on("objects"), IsEmpty());
  EXPECT_THAT(answer.keys_on("next"), IsEmpty());
}

TEST(Cleanup, TakesTheObjectAlong) {
  FunctionHost host(options({{"object", "picture.key"}, {"time", "at"}, {"prefix", "a/"}}));
  host.tables["photos"] = {{"a/1", R"({"at": 5, "picture": {"key": "1.jpg"}})"},
                           {"a/2", R"({"at": 5})"},
                           {"b/1", R"({"at": 5, "picture": {"key": "b.jpg"}})"}};
  host.event("", "{}", now);

  const auto answer = host.invoke();

  EXPECT_THAT(answer.keys_on("rows"), ElementsAre("a/1", "a/2"));
  EXPECT_THAT(answer.keys_on("objects"), ElementsAre("1.jpg"));
}

TEST(Cleanup, GoesOnWhereItStopped) {
  FunctionHost host(options({{"rows_max", "2"}}));
  for (const char* key : {"a", "b", "c"}) host.tables["photos"][key] = R"({"created_at": 1})";
  host.event("", "{}", now);

  const auto first = host.invoke();
  EXPECT_THAT(first.keys_on("rows"), ElementsAre("a", "b"));
  const std::string place = first.on("next").data;
  EXPECT_THAT(place, HasSubstr("\"done\":2"));

  host.event("", place, 0);
  const auto second = host.invoke();
  EXPECT_THAT(second.keys_on("rows"), ElementsAre("c"));
  EXPECT_THAT(second.keys_on("next"), IsEmpty());
}

}  // namespace
}  // namespace tidemill::cleanup

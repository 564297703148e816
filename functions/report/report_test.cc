#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tidemill/testing/function_host.h"

namespace tidemill::report {
namespace {

namespace json = boost::json;
using testing::FunctionHost;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::uint64_t now = 1'790'000'000'000'000;  // 2026-09-21T14:13:20Z

json::object report(FunctionHost& host) {
  host.event("", "{}", now);
  const auto answer = host.invoke();
  EXPECT_THAT(answer.failures, SizeIs(0));
  return json::parse(answer.on("mail").data).as_object();
}

TEST(Report, ShowsTheLargestRowsFirst) {
  FunctionHost host({{"table", "page_views"},
                     {"title", "Views"},
                     {"columns", "count"},
                     {"columns", "user.name"},
                     {"by", "count"},
                     {"top", "2"}});
  host.tables["page_views"] = {{"/a", R"({"count": 5, "user": {"name": "Zoë"}})"},
                               {"/b", R"({"count": 120})"},
                               {"/c", R"({"count": 7, "user": {"name": "Bo"}})"}};

  const auto mail = report(host);

  EXPECT_EQ(mail.at("subject"), "Views, 2026-09-21");
  EXPECT_EQ(mail.at("text"),
            "key  count  user.name\n"
            "---  -----  ---------\n"
            "/b     120\n"
            "/c       7  Bo\n"
            "... and 1 more rows\n"
            "\n"
            "3 rows, count 132\n");
  EXPECT_EQ(mail.at("total"), 132);
}

TEST(Report, WithoutColumnsShowsTheWholeRow) {
  FunctionHost host({{"table", "t"}});
  host.tables["t"] = {{"a", "1"}, {"b", "text"}};

  const auto mail = report(host);

  EXPECT_EQ(mail.at("subject"), "t, 2026-09-21");
  EXPECT_THAT(std::string(mail.at("text").as_string()), HasSubstr("a    1\nb    text\n\n2 rows\n"));
}

TEST(Report, OfManyRowsTheTopIsRight) {
  FunctionHost host({{"table", "t"}, {"by", "n"}, {"columns", "n"}, {"top", "1"}});
  for (int i = 0; i < 5000; ++i)
    host.tables["t"]["row" + std::to_string(i)] = "{\"n\": " + std::to_string(i) + "}";

  const auto mail = report(host);

  EXPECT_THAT(std::string(mail.at("text").as_string()), HasSubstr("row4999  4999\n"));
  EXPECT_THAT(std::string(mail.at("text").as_string()), HasSubstr("5000 rows, n 12497500\n"));
}

TEST(Report, AnEmptyTableIsAMailToo) {
  FunctionHost host({{"table", "t"}});
  EXPECT_THAT(std::string(report(host).at("text").as_string()), HasSubstr("\n0 rows\n"));
}

TEST(Report, LongCellsAreCut) {
  FunctionHost host({{"table", "t"}});
  host.tables["t"] = {{"a", "\"" + std::string(100, 'x') + "\""}};
  EXPECT_THAT(std::string(report(host).at("text").as_string()),
              HasSubstr("a    " + std::string(59, 'x') + "…\n"));
}

}  // namespace
}  // namespace tidemill::report

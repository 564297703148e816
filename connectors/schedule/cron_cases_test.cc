// The recorded cases in tests/data/cron: what other implementations answer.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "template_text/utc_text.h"
#include "timetable.h"

namespace tidemill::schedule {
namespace {

namespace json = boost::json;

const json::object& cases() {
  static const json::value all = [] {
    std::ifstream file(TIDEMILL_SOURCE_DIR "/tests/data/cron/cron_cases.json");
    return json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  }();
  return all.as_object();
}

std::string text_of(const json::value& of, std::string_view name) {
  return std::string(of.at(name).as_string());
}

Seconds instant(std::string_view text) {
  const auto micros = template_text::utc_micros(text);
  EXPECT_TRUE(micros) << text;
  return Seconds(std::chrono::seconds(micros.value_or(0) / 1'000'000));
}

std::set<Seconds> expected(const json::value& one) {
  std::set<Seconds> all;
  for (const json::value& at : one.at("next").as_array()) all.insert(instant(at.as_string()));
  return all;
}

std::set<Seconds> found(const json::value& one) {
  std::set<Seconds> all;
  auto expression = parse_expression(text_of(one, "expr"));
  EXPECT_TRUE(expression) << (expression ? "" : expression.error().message);
  if (!expression) return all;
  const auto timetable = Timetable::make(std::move(*expression), {.timezone = text_of(one, "tz")});
  EXPECT_TRUE(timetable);
  if (!timetable) return all;
  auto at = timetable->next(instant(text_of(one, "from")));
  for (; at && all.size() < 4; at = timetable->next(*at)) all.insert(*at);
  return all;
}

class NextInstants : public ::testing::TestWithParam<std::pair<const char*, std::size_t>> {};

TEST_P(NextInstants, AreThoseOfOtherImplementations) {
  const auto& [table, count] = GetParam();
  std::size_t agreed = 0;
  for (const json::value& one : cases().at(table).as_array()) {
    EXPECT_EQ(found(one), expected(one)) << json::serialize(one);
    if (found(one) == expected(one)) ++agreed;
  }
  EXPECT_EQ(agreed, count);
  RecordProperty("agreed", static_cast<int>(agreed));
}

INSTANTIATE_TEST_SUITE_P(Recorded, NextInstants,
                         ::testing::Values(std::pair("aws_cron", 124u),
                                           std::pair("unix_cron", 108u),
                                           std::pair("aws_cron_timezone", 23u)),
                         [](const auto& one) { return std::string(one.param.first); });

// AWS knows nothing finer than minutes.
const std::set<std::string> ours_alone{"rate(1 second)"};

TEST(ScheduleExpressions, AreValidWhereAwsSaysSo) {
  std::size_t judged = 0;
  for (const json::value& one : cases().at("validity").as_array()) {
    const std::string text = text_of(one, "expr");
    const bool valid = one.at("valid").as_bool() || ours_alone.contains(text);
    const auto parsed = parse_expression(text);
    EXPECT_EQ(parsed.has_value(), valid) << text;
    EXPECT_TRUE(parsed || parsed.error().message.starts_with("column ")) << text;
    ++judged;
  }
  EXPECT_EQ(judged, 23u);
}

}  // namespace
}  // namespace tidemill::schedule

#include "core/expression/scalar_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::expression {
namespace {

constexpr std::string_view click =
    R"({"ts":"2015-05-17T10:05:03Z","page":"/a\u00e9","user":{"id":7},"bytes":-12,"millis":1.5,)"
    R"("ok":true,"none":null,"at":1431857103000,"many":[1,2],"long":12345678901234567890})";

Expression compiled(std::string_view text) { return Expression::compile(text).value(); }

class ScalarReaderTest : public ::testing::Test {
 protected:
  ScalarReader reader(std::string_view data = click) { return {data, event_}; }

  static std::string reason(const auto& answer) {
    return answer ? "no error" : answer.error().message;
  }

  EventView event_{.key = "k-1", .time = EventTime(5)};
};

TEST_F(ScalarReaderTest, ReadsSeveralScalarsOfOneEventInAnyOrder) {
  ScalarReader each = reader();
  EXPECT_EQ(each.number(compiled(".millis")), JsonNumber::of(1.5));
  EXPECT_EQ(each.time(compiled(".ts")), EventTime(1'431'857'103'000'000));
  EXPECT_EQ(each.key(compiled(".page")), "/a\u00e9");
  EXPECT_EQ(each.number(compiled(".bytes")), JsonNumber::of(std::int64_t{-12}));
  EXPECT_EQ(each.key(compiled(".user.id")), "7");
  EXPECT_EQ(each.key(compiled(".ok")), "true");
  EXPECT_EQ(each.time(compiled(".at")), EventTime(1'431'857'103'000'000));
}

TEST_F(ScalarReaderTest, GoesOnAfterAProgramOrAnAttribute) {
  ScalarReader each = reader();
  EXPECT_EQ(each.key(compiled(".page | length")), "3");
  EXPECT_EQ(each.key(compiled(".user.id")), "7");
  EXPECT_EQ(each.key(compiled("$event.key")), "k-1");
  EXPECT_EQ(each.number(compiled(".bytes + 1")), JsonNumber::of(std::int64_t{-11}));
  EXPECT_EQ(each.number(compiled(".bytes")), JsonNumber::of(std::int64_t{-12}));
  EXPECT_EQ(each.time(compiled("$event.time")), EventTime(5));
}

TEST_F(ScalarReaderTest, AnIntegerThatDoesNotFitIsTheNearestDouble) {
  EXPECT_EQ(reader().number(compiled(".long")), JsonNumber::of(12345678901234567890.0));
  EXPECT_EQ(reader("5").number(compiled(".")), JsonNumber::of(std::int64_t{5}));
}

TEST_F(ScalarReaderTest, SaysWhatStandsThereInstead) {
  EXPECT_EQ(reason(reader().number(compiled(".page"))), ".page gives a string");
  EXPECT_EQ(reason(reader().number(compiled(".none"))), ".none gives null");
  EXPECT_EQ(reason(reader().number(compiled(".many"))), ".many gives an array");
  EXPECT_EQ(reason(reader().key(compiled(".user"))), ".user gives an object");
  EXPECT_EQ(reason(reader().key(compiled(".absent"))), ".absent gives null");
  EXPECT_EQ(reason(reader().time(compiled(".ok"))), ".ok gives a boolean");
  EXPECT_EQ(reason(reader().time(compiled(".page"))), ".page gives no instant but /a\u00e9");
  EXPECT_EQ(reason(reader().key(compiled(".page.x"))), "Cannot index string with string \"x\"");
  EXPECT_EQ(reason(reader("{").key(compiled(".page"))), "the data is not valid JSON");
  EXPECT_EQ(reason(reader().number(compiled(".many[]"))), ".many[] gives several values");
  EXPECT_EQ(reason(reader().number(compiled("empty"))), "empty gives nothing");
}

// Whatever a path gives here it gives in evaluate_key() and evaluate_time() too.
TEST_F(ScalarReaderTest, AgreesWithExpressions) {
  for (const char* path : {".ts", ".page", ".user.id", ".bytes", ".millis", ".ok", ".none", ".at",
                           ".many", ".long", ".absent", ".user", ".user.id.x"}) {
    const Expression expression = compiled(path);
    const auto key = evaluate_key(expression, click, event_);
    const auto read = reader().key(expression);
    EXPECT_EQ(read.has_value(), key.has_value()) << path;
    EXPECT_EQ(read ? *read : reason(read), key ? *key : reason(key)) << path;
    const auto time = evaluate_time(expression, click, event_);
    const auto read_time = reader().time(expression);
    EXPECT_EQ(read_time.has_value(), time.has_value()) << path;
    if (time && read_time) {
      EXPECT_EQ(*read_time, *time) << path;
    }
  }
}

}  // namespace
}  // namespace tidemill::expression

#include "core/dispatch/row_key.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

TEST(RowKey, ByDefaultTheEventsOwnKeyElseItsIdentity) {
  Event event;
  event.source = "s";
  EXPECT_EQ(row_key({}, event, ""), "s/0@0");
  event.id = "own";
  EXPECT_EQ(row_key({}, event, ""), "own");
  event.key = "k";
  EXPECT_EQ(row_key({}, event, ""), "k");
}

TEST(RowKey, AnExpressionFindsItInTheDataOrInTheEvent) {
  Event event;
  event.source = "folder:/in";
  event.type = "created";
  event.subject = "a.jpg";
  event.key = "k";
  event.time = EventTime(1'700'000'000'000'000);
  event.partition = Partition(3);
  event.offset = Offset(9);
  const Attribute headers[] = {{"trace", "t"}};
  event.extensions = headers;
  const auto key = [&](std::string_view text) {
    return row_key(expression::Expression::compile(text).value(), event, R"({"id": 7})").value();
  };

  EXPECT_EQ(key(".id"), "7");
  EXPECT_EQ(key("$event.source"), "folder:/in");
  EXPECT_EQ(key("$event.type"), "created");
  EXPECT_EQ(key("$event.subject"), "a.jpg");
  EXPECT_EQ(key("$event.key"), "k");
  EXPECT_EQ(key("$event.time"), "2023-11-14T22:13:20.000000Z");
  EXPECT_EQ(key("$event.headers.trace"), "t");
  EXPECT_EQ(key("$event.id"), "folder:/in/3@9");
  event.id = "own";
  EXPECT_EQ(key("$event.id"), "own");
  EXPECT_EQ(key("\"\\($event.type)/\\(.id)\""), "created/7");
}

}  // namespace
}  // namespace tidemill

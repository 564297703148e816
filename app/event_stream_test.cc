#include "app/event_stream.h"

#include <gtest/gtest.h>

namespace tidemill::app {
namespace {

TEST(EventStreamReader, AnEventIsWholeWithTheEmptyLineBehindIt) {
  EventStreamReader reader;
  EXPECT_FALSE(reader.add("event: dropped"));
  EXPECT_FALSE(reader.add("data: {\"dropped\":3}"));
  const auto event = reader.add("");

  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "dropped");
  EXPECT_EQ(event->data, "{\"dropped\":3}");
}

TEST(EventStreamReader, CommentsAreNoEvents) {
  EventStreamReader reader;
  EXPECT_FALSE(reader.add(": nothing new"));
  EXPECT_FALSE(reader.add(""));
}

TEST(EventStreamReader, TheNameOfOneEventIsNotThatOfTheNext) {
  EventStreamReader reader;
  for (const char* line : {"event: a", "data: 1"}) EXPECT_FALSE(reader.add(line));
  ASSERT_TRUE(reader.add(""));
  EXPECT_FALSE(reader.add("data:2\r"));
  const auto event = reader.add("\r");

  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "");
  EXPECT_EQ(event->data, "2");
}

TEST(EventStreamReader, SeveralLinesOfDataAreOne) {
  EventStreamReader reader;
  for (const char* line : {"data: a", "data", "data: b"}) EXPECT_FALSE(reader.add(line));

  EXPECT_EQ(reader.add("")->data, "a\n\nb");
}

TEST(DroppedOf, IsTheNumberOrNothing) {
  EXPECT_EQ(dropped_of("{\"dropped\":12}"), 12u);
  EXPECT_EQ(dropped_of("{\"dropped\":\"12\"}"), 0u);
  EXPECT_EQ(dropped_of("no"), 0u);
}

}  // namespace
}  // namespace tidemill::app

#include "records/record_event.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::records {
namespace {

const std::shared_ptr<const void> owner = std::make_shared<int>(0);

Record record(std::string_view text) {
  Record record;
  record.text = text;
  record.owner = &owner;
  return record;
}

TEST(RecordEvents, ALineOfJsonHasItsKey) {
  RecordOptions options;
  options.key = ".user";
  Event event;
  RecordEvents(options).fill(record(R"({"user":"ann"})"), event);
  EXPECT_EQ(event.content_type, "application/json");
  EXPECT_EQ(event.key, "ann");
  EXPECT_EQ(event.data.view(), R"({"user":"ann"})");
  EXPECT_TRUE(event.extensions.empty());
}

TEST(RecordEvents, ALineIsText) {
  RecordOptions options;
  options.format = Format::lines;
  Event event;
  RecordEvents(options).fill(record("line"), event);
  EXPECT_EQ(event.content_type, "text/plain");
  EXPECT_EQ(event.key, "");
}

TEST(RecordEvents, WhatIsNoRecordSaysWhyForAsLongAsTheEventLives) {
  Event oversized;
  Event refused;
  {
    const RecordEvents events{RecordOptions{}};
    Record large = record("beginning");
    large.oversized = 5'000'000'000;
    events.fill(large, oversized);
    Record bad = record("x\"y");
    bad.refused = "a quote stands where none may, in a sentence that needs memory";
    events.fill(bad, refused);
  }
  ASSERT_EQ(oversized.extensions.size(), 1u);
  EXPECT_EQ(oversized.extensions[0].name, "tidemill-oversized");
  EXPECT_EQ(oversized.extensions[0].value, "5000000000");
  EXPECT_EQ(oversized.data.view(), "beginning");
  ASSERT_EQ(refused.extensions.size(), 1u);
  EXPECT_EQ(refused.extensions[0].name, "tidemill-refused");
  EXPECT_EQ(refused.extensions[0].value,
            "a quote stands where none may, in a sentence that needs memory");
  EXPECT_EQ(refused.content_type, "text/plain");
}

}  // namespace
}  // namespace tidemill::records

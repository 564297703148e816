#include "core/state/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
// After gtest.h, which it extends.
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace tidemill::state {
namespace {

using ::testing::Optional;

using namespace std::string_literals;

// Texts with many zero and 0xFF bytes, which are what escaping is about.
rc::Gen<std::string> awkward_text() {
  return rc::gen::container<std::string>(rc::gen::weightedOneOf<char>(
      {{3, rc::gen::elementOf("\x00\x01\xFF"s)}, {2, rc::gen::arbitrary<char>()}}));
}

rc::Gen<RowKey> row_keys() {
  const auto part = rc::gen::oneOf(
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t v) { return KeyPart(v); }),
      rc::gen::map(awkward_text(), [](std::string v) { return KeyPart(std::move(v)); }));
  return rc::gen::build<RowKey>(
      rc::gen::set(&RowKey::table, rc::gen::map(rc::gen::inRange(1u, 4u),
                                                [](std::uint32_t v) { return TableId(v); })),
      rc::gen::set(&RowKey::slot, rc::gen::inRange<std::uint16_t>(0, 3)),
      rc::gen::set(&RowKey::parts, rc::gen::container<std::vector<KeyPart>>(part)));
}

RC_GTEST_PROP(RowKeys, DecodeToWhatWasEncoded, ()) {
  RowKey key = *row_keys();
  if (*rc::gen::arbitrary<bool>()) key.window = EventTime(*rc::gen::arbitrary<std::uint64_t>());
  const auto decoded = decode_row_key(encode_row_key(key));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT((*decoded == key));
}

RC_GTEST_PROP(RowKeys, SortAsTheirValues, ()) {
  const RowKey left = *row_keys();
  const RowKey right = *row_keys();
  RC_ASSERT((encode_row_key(left) < encode_row_key(right)) == (left < right));
}

RC_GTEST_PROP(RowKeys, TextsSortAsTexts, ()) {
  const std::string left = *awkward_text();
  const std::string right = *awkward_text();
  const TableId table(7);
  RC_ASSERT((text_row_key(table, left) < text_row_key(table, right)) == (left < right));
  RC_ASSERT(text_row_key(table, left + right).starts_with(text_row_prefix(table, left)));
}

RC_GTEST_PROP(RowKeys, AnyBytesDecodeToAnAnswer, (std::string bytes)) {
  const auto decoded = decode_row_key(bytes);
  if (decoded) RC_ASSERT(encode_row_key(*decoded) == bytes);
}

TEST(RowKeys, AreTheBytesThatTheFormatSays) {
  EXPECT_EQ(text_row_key(TableId(258), "a\0b"s),
            "\x00\x00\x01\x02"s  // table
            "\x00\x00"s          // slot
            "\x02"s
            "a\x00\xFF"s
            "b\x00\x01"s
            "\x00"s);
  EXPECT_EQ(encode_row_key({.table = TableId(1), .slot = 5, .parts = {-1}, .window = EventTime(9)}),
            "\x00\x00\x00\x01\x00\x05"s
            "\x01\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s
            "\x00"s
            "\x00\x00\x00\x00\x00\x00\x00\x09"s);
}

TEST(RowKeys, ATextKeyIsARowKeyOfOnePart) {
  const std::string bytes = text_row_key(TableId(3), "photo.jpg");
  EXPECT_EQ(bytes, encode_row_key({.table = TableId(3), .parts = {"photo.jpg"s}}));
  EXPECT_EQ(bytes, text_key_begin(TableId(3)) + "photo.jpg" + std::string(text_key_end));
  const auto row = read_text_row_key(bytes);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, "photo.jpg");
  EXPECT_EQ(row->window, std::nullopt);
}

TEST(RowKeys, ATextKeyMayHaveAWindow) {
  const std::string bytes = text_row_key(TableId(3), "/a", EventTime(5));
  EXPECT_EQ(bytes, encode_row_key({.table = TableId(3), .parts = {"/a"s}, .window = EventTime(5)}));
  const auto row = read_text_row_key(bytes);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, "/a");
  EXPECT_EQ(row->window, EventTime(5));
}

TEST(WindowKeys, AreInOrderOfTheEndsOfTheirWindows) {
  const std::string row = text_row_key(TableId(3), "/b", EventTime(1));
  const std::string early = window_due_key(TableId(3), WindowDue::close, EventTime(2), row);
  const std::string late = window_due_key(TableId(3), WindowDue::close, EventTime(300), "a");
  EXPECT_LT(early, late);
  EXPECT_TRUE(early.starts_with(window_due_prefix(TableId(3), WindowDue::close)));
  EXPECT_FALSE(early.starts_with(window_due_prefix(TableId(3), WindowDue::remove)));
  EXPECT_EQ(read_window_due_key(early).first, EventTime(2));
  EXPECT_EQ(read_window_due_key(early).second, row);
}

TEST(RowKeys, OfOtherShapesHaveNoText) {
  EXPECT_FALSE(read_text_row_key(encode_row_key({.parts = {"a"s, "b"s}})));
  EXPECT_FALSE(read_text_row_key(encode_row_key({.parts = {std::int64_t{1}}})));
  EXPECT_FALSE(read_text_row_key(encode_row_key({.slot = 1, .parts = {"a"s}})));
  EXPECT_FALSE(read_text_row_key("short"));
}

TEST(RowKeys, OfEveryWindowOfOneKeyLieTogetherInOrder) {
  const auto key = [](std::string text, std::uint64_t window) {
    return encode_row_key(
        {.table = TableId(1), .parts = {std::move(text)}, .window = EventTime(window)});
  };
  EXPECT_LT(key("a", 10), key("a", 20));
  EXPECT_LT(key("a", 20), key("b", 0));
  EXPECT_LT(key("a", std::numeric_limits<std::uint64_t>::max()), key("a\0"s, 0));
}

TEST(ProgressKeys, OfOneSourceLieTogether) {
  const PipelineId pipeline(2);
  const std::uint64_t identity = identity_hash("file:/data/events.ndjson");
  EXPECT_TRUE(
      log_key(pipeline, identity, Partition(1)).starts_with(log_prefix(pipeline, identity)));
  EXPECT_LT(log_key(pipeline, identity, Partition(1)), log_key(pipeline, identity, Partition(256)));
  EXPECT_LT(log_key(pipeline, identity, Partition(256)), object_prefix(pipeline, identity));
  EXPECT_LT(identity_key(pipeline), owner_key(pipeline, 0));
}

TEST(ProgressKeys, SayWhatTheyAre) {
  EXPECT_EQ(kind_of_progress_key(identity_key(PipelineId(1))), ProgressKey::identity);
  EXPECT_EQ(kind_of_progress_key(owner_key(PipelineId(1), 2)), ProgressKey::owner);
  EXPECT_EQ(kind_of_progress_key(log_key(PipelineId(1), 2, Partition(3))), ProgressKey::log);
  EXPECT_EQ(kind_of_progress_key(object_prefix(PipelineId(1), 2) + "key"), ProgressKey::object);
}

// Frozen: a folder written with another hash would lose its progress.
TEST(ProgressKeys, HashAnIdentityByXxh3) { EXPECT_EQ(identity_hash(""), 0x2D06800538D394C2u); }

TEST(DeadLetterKeys, DecodeToWhatWasEncoded) {
  const auto key = decode_dead_letter_key(dead_letter_key(PipelineId(4), 77));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->pipeline, PipelineId(4));
  EXPECT_EQ(key->sequence, 77u);
  EXPECT_FALSE(decode_dead_letter_key("no"));
}

}  // namespace
}  // namespace tidemill::state

#include "core/state/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tidemill::state {
namespace {

using namespace std::string_literals;

std::string encoded(const RowValue& row) {
  std::string bytes;
  append_row_value(bytes, row);
  return bytes;
}

TEST(RowValues, AreTheBytesThatTheFormatSays) {
  EXPECT_EQ(encoded({.row_version = 3, .bytes = "{}"}),
            "\x01\x00\x00\x00\x00\x00\x00\x00\x00\x03{}"s);
  EXPECT_EQ(encoded({.row_version = 3, .time = EventTime(5), .expires = WallTime(6), .bytes = "x"}),
            "\x01\x06"s
            "\x00\x00\x00\x00\x00\x00\x00\x03"s
            "\x00\x00\x00\x00\x00\x00\x00\x05"s
            "\x00\x00\x00\x00\x00\x00\x00\x06"s
            "x"s);
  EXPECT_EQ(encoded({.number = Number{MergeKind::min, -1}}),
            "\x01\x01"s + std::string(8, '\0') + "\x03"s + std::string(16, '\xFF'));
}

TEST(RowValues, ReadBackAsWritten) {
  const RowValue put{.row_version = 9,
                     .time = EventTime(1),
                     .expires = WallTime(2),
                     .merge_refused = true,
                     .bytes = "body"};
  EXPECT_EQ(read_row_value(encoded(put)), put);
  const RowValue merged{.row_version = 9,
                        .number = Number{MergeKind::last, WideInteger{-1} << 100}};
  EXPECT_EQ(read_row_value(encoded(merged)), merged);
  const RowValue operand{
      .expires = WallTime(2), .written = WallTime(1), .number = Number{MergeKind::sum, 1}};
  EXPECT_EQ(read_row_value(encoded(operand)), operand);
  EXPECT_EQ(read_row_value(encoded({})), RowValue{});
}

TEST(RowValues, ThatAreCutShortAreNone) {
  const std::string whole = encoded({.time = EventTime(1), .number = Number{MergeKind::sum, 1}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(read_row_value(whole.substr(0, size))) << size;
  }
  EXPECT_TRUE(read_row_value(whole));
}

TEST(RowValues, OfAnotherVersionOrMergeKindAreNone) {
  std::string bytes = encoded({.number = Number{MergeKind::sum, 1}});
  bytes[10] = 77;
  EXPECT_FALSE(read_row_value(bytes));
  bytes[10] = 1;
  EXPECT_TRUE(read_row_value(bytes));
  bytes[0] = 2;
  EXPECT_FALSE(read_row_value(bytes));
}

TEST(RowValues, ExpireAtTheirInstant) {
  EXPECT_FALSE((RowValue{.expires = WallTime(10)}.expired(WallTime(9))));
  EXPECT_TRUE((RowValue{.expires = WallTime(10)}.expired(WallTime(10))));
  EXPECT_FALSE(RowValue{}.expired(WallTime(~std::uint64_t{0})));
}

TEST(RowValues, ShowANumberAsJson) {
  EXPECT_EQ(row_body({.number = Number{MergeKind::sum, -12}}), "-12");
  EXPECT_EQ(row_body({.number = Number{MergeKind::sum, WideInteger{1} << 64}}),
            "18446744073709551616");
  EXPECT_EQ(row_body({.bytes = "text"}), "text");
}

TEST(LogProgressValues, ReadBackAsWritten) {
  const LogProgress progress{.next = Offset(5),
                             .settled = {{Offset(7), Offset(9)}, {Offset(11), Offset(12)}}};
  std::string bytes;
  append_log_progress(bytes, progress);
  const auto read = read_log_progress(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->next, Offset(5));
  EXPECT_EQ(read->settled, progress.settled);
  EXPECT_FALSE(read_log_progress(bytes.substr(0, bytes.size() - 1)));
}

TEST(LogProgressValues, ThatClaimMoreRangesThanTheyHoldAreNone) {
  EXPECT_FALSE(read_log_progress("\x01"s + std::string(8, '\0') + "\xFF\xFF\xFF\xFF"s));
}

TEST(DeadLetterValues, KeepWhatALaterVersionAdds) {
  std::string bytes;
  append_dead_letter(bytes, {.event_id = "a/0@1", .reason = "too large", .data = "\0\1"s});
  const auto read = read_dead_letter(bytes + "a field of format 1.1");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->event_id, "a/0@1");
  EXPECT_EQ(read->reason, "too large");
  EXPECT_EQ(read->data, "\0\1"s);
  EXPECT_FALSE(read_dead_letter(bytes.substr(0, bytes.size() - 1)));
}

DeadLetter dead_effect() {
  DeadLetter letter;
  letter.event_id = "id-1";
  letter.code = "bad_event";
  letter.data = "payload";
  letter.replays = 2;
  letter.first_died = WallTime(70);
  letter.died = WallTime(77);
  letter.id = "id-1";
  letter.origin = "queue:jobs";
  letter.extensions = {{"traceparent", "00-0af7"}, {"empty", ""}};
  letter.taken_by = {"out", "archive"};
  letter.effect = DeadEffect{EffectKind::put_object, 3, "k"};
  return letter;
}

TEST(DeadLetterValues, KeepWhatAReplayNeeds) {
  std::string bytes;
  append_dead_letter(bytes, dead_effect());
  const auto read = read_dead_letter(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code, "bad_event");
  EXPECT_EQ(read->replays, 2u);
  EXPECT_EQ(read->first_died, WallTime(70));
  EXPECT_EQ(read->id, "id-1");
  EXPECT_EQ(read->origin, "queue:jobs");
  EXPECT_EQ(read->extensions, dead_effect().extensions);
  EXPECT_EQ(read->taken_by, dead_effect().taken_by);
  ASSERT_TRUE(read->effect);
  EXPECT_EQ(read->effect->kind, EffectKind::put_object);
  EXPECT_EQ(read->effect->ordinal, 3u);
  EXPECT_EQ(read->effect->event_key, "k");
}

// Its texts end with the payload.
TEST(DeadLetterValues, OfFormat12AreReadAsNeverReplayed) {
  std::string bytes;
  append_dead_letter(bytes, dead_effect());
  const std::string old = bytes.substr(0, bytes.find("payload") + 7);
  const auto read = read_dead_letter(old);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->data, "payload");
  EXPECT_EQ(read->replays, 0u);
  EXPECT_EQ(read->first_died, read->died);
  EXPECT_FALSE(read->effect);
  for (std::size_t size = old.size() + 1; size < bytes.size(); ++size)
    EXPECT_FALSE(read_dead_letter(bytes.substr(0, size))) << size;
}

QueuedEffect queued_effect() {
  QueuedEffect effect;
  effect.kind = EffectKind::put_object;
  effect.ordinal = 3;
  effect.key = "small/a.jpg";
  effect.content_type = "image/jpeg";
  effect.data = "\xFF\xD8\0"s;
  effect.metadata = {{"width", "200"}, {"empty", ""}};
  effect.partition = Partition(7);
  effect.offset = Offset(8);
  effect.event_id = "folder:/photos/a.jpg@v1";
  effect.source = "folder:/photos";
  effect.type = "created";
  effect.subject = "a.jpg";
  effect.version = "v1";
  effect.event_key = "a";
  effect.time = EventTime(9);
  effect.replays = 2;
  effect.first_died = WallTime(11);
  return effect;
}

TEST(QueuedEffectValues, ReadBackAsWritten) {
  std::string bytes;
  append_queued_effect(bytes, queued_effect());
  const std::size_t of_format_1_2 = bytes.size() - 12;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(read_queued_effect(bytes.substr(0, size)).has_value(), size == of_format_1_2) << size;
  }
  const auto read = read_queued_effect(bytes + "what a later version adds");
  ASSERT_TRUE(read);
  std::string again;
  append_queued_effect(again, *read);
  EXPECT_EQ(again, bytes);
  EXPECT_EQ(read->kind, EffectKind::put_object);
  EXPECT_EQ(read->ordinal, 3u);
  EXPECT_EQ(read->key, "small/a.jpg");
  EXPECT_EQ(read->data, "\xFF\xD8\0"s);
  EXPECT_EQ(read->metadata, queued_effect().metadata);
  EXPECT_EQ(read->offset, Offset(8));
  EXPECT_EQ(read->event_key, "a");
  EXPECT_EQ(read->time, EventTime(9));
  EXPECT_EQ(read->replays, 2u);
  EXPECT_EQ(read->first_died, WallTime(11));
}

TEST(PlainValues, BeginWithAVersion) {
  EXPECT_EQ(text_value("a"), "\x01\x61"s);
  EXPECT_EQ(read_text_value(text_value("a")), "a");
  EXPECT_FALSE(read_text_value(""));
  EXPECT_EQ(read_integer_value(integer_value(7)), 7u);
  EXPECT_FALSE(read_integer_value("\x01\x02"s));
}

}  // namespace
}  // namespace tidemill::state

// Keys of everything the store keeps. Pure functions: no I/O, no RocksDB.
//
//   row key       = table:u32 slot:u16 part* END [window:u64]
//   part          = INTEGER value:u64           two's complement, sign bit flipped
//                 | TEXT byte* 00 01            a 00 inside the text is written 00 FF
//   END = 00, INTEGER = 01, TEXT = 02
//
//   identity key  = pipeline:u32                              the source identity in force
//   log key       = pipeline:u32 identity:u64 01 partition:u32
//   object key    = pipeline:u32 identity:u64 02 subject      to the end of the key
//   owner key     = pipeline:u32 identity:u64 00              the identity's text
//   intent key    = pipeline:u32 00:u64 03
//   dead letter   = pipeline:u32 sequence:u64                 of the family replays too
//   horizon key   = pipeline:u32                              of the family dedupe, as the next two
//   bucket key    = pipeline:u32 bucket:u32                   its width; seconds since the epoch
//   mark          = pipeline:u32 bucket:u32 high:u64 low:u64
//   number key    = outbox:u32                                of the family outbox_numbers
//   queued effect = outbox:u32 number:u64                     of the family outbox
//   stream key    = stream:u32                                of the family stream_states, as the
//   state key     = stream:u32 partition:u32                  next
//   record key    = stream:u32 partition:u32 number:u64       of the family streams
//   window key    = table:u32 due:u8 end:u64 row key          of the family windows
//   due           = CLOSE 01 | REMOVE 02
//
// All integers are big endian, so that plain byte order is the order of the decoded values: by
// table, slot, then component by component (integers before text, a shorter tuple before its
// extensions), then by window. `identity` is xxh3-64 of the source's identity. Slot 0 is global;
// other slots are for rows that move with their source partition.
//
// The same grammar with its reasons: docs/internals/store-format.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/state/store.h"
#include "tidemill/ids.h"
#include "tidemill/time.h"

namespace tidemill::state {

using KeyPart = std::variant<std::int64_t, std::string>;

struct RowKey {
  TableId table;
  std::uint16_t slot = 0;
  std::vector<KeyPart> parts;
  std::optional<EventTime> window;  ///< Start of the window the row belongs to.

  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

/// Empty when the bytes are no row key.
std::optional<RowKey> decode_row_key(std::string_view bytes);
std::string encode_row_key(const RowKey& key);

/// What a row written today has around its text: slot 0, one text part, no window. The two ends
/// let a writer put `begin`, the text and `text_key_end` together without building a string; only
/// a text that holds a zero byte needs append_escaped().
std::string text_key_begin(TableId table);
inline constexpr std::string_view text_key_end{"\x00\x01\x00", 3};
void append_escaped(std::string& out, std::string_view text);

/// Whole key of such a row, or of one of a window that starts at `window`.
std::string text_row_key(TableId table, std::string_view text,
                         std::optional<EventTime> window = std::nullopt);

/// What the keys of all such rows share whose text begins with `text`.
std::string text_row_prefix(TableId table, std::string_view text);

/// What such a key, or one of a window, was made from; empty when the key has another shape.
struct TextRow {
  std::string text;
  std::optional<EventTime> window;
};
std::optional<TextRow> read_text_row_key(std::string_view bytes);

/// How people name a row: its text, or for one of a window "TEXT@2015-05-17T10:00:00.000000Z".
std::string row_name(std::string_view text, std::optional<EventTime> window);

/// The row of a window that has this name; empty when it is no such name.
std::optional<TextRow> window_row_named(std::string_view name);

/// What stands for a source identity inside keys.
std::uint64_t identity_hash(std::string_view source_identity);

std::string identity_key(PipelineId pipeline);
std::string owner_key(PipelineId pipeline, std::uint64_t identity);
std::string log_prefix(PipelineId pipeline, std::uint64_t identity);
std::string log_key(PipelineId pipeline, std::uint64_t identity, Partition partition);
std::string object_prefix(PipelineId pipeline, std::uint64_t identity);
std::string intent_key(PipelineId pipeline);

/// What a key of the progress family is. Precondition: it is one.
enum class ProgressKey : std::uint8_t { owner = 0, log = 1, object = 2, intent = 3, identity };
ProgressKey kind_of_progress_key(std::string_view key);

std::string dead_letter_prefix(PipelineId pipeline);
std::string dead_letter_key(PipelineId pipeline, std::uint64_t sequence);

struct DeadLetterKey {
  PipelineId pipeline;
  std::uint64_t sequence = 0;
};
std::optional<DeadLetterKey> decode_dead_letter_key(std::string_view bytes);

std::string horizon_key(PipelineId pipeline);
std::string bucket_key(PipelineId pipeline, std::uint32_t bucket);
void append_mark(std::string& bucket_key, const DedupeId& id);

/// What a key of the dedupe family begins with. `bucket` is empty in the key of a horizon.
struct MarkKey {
  PipelineId pipeline;
  std::optional<std::uint32_t> bucket;
  bool whole_bucket = false;  ///< The bucket's own key, none of a mark in it.
};
std::optional<MarkKey> decode_mark_key(std::string_view bytes);

std::string outbox_number_key(OutboxId outbox);
std::string queued_effect_key(OutboxId outbox, std::uint64_t number);

/// What is to be done to a row when the watermark has passed the end of its window.
enum class WindowDue : std::uint8_t { close = 1, remove = 2 };

std::string window_due_prefix(TableId table, WindowDue due);
std::string window_due_key(TableId table, WindowDue due, EventTime end, std::string_view row_key);

/// The end of the window and the key of the row. Precondition: it is such a key.
std::pair<EventTime, std::string_view> read_window_due_key(std::string_view bytes);

std::string stream_key(StreamId stream);
std::string stream_state_key(StreamId stream, Partition partition);
std::string stream_record_key(StreamId stream, Partition partition, std::uint64_t number);

}  // namespace tidemill::state

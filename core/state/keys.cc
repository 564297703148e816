#include "core/state/keys.h"

#include "core/base/json_line.h"
#include "core/base/timestamp.h"
#include "core/state/byte_codec.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::state {
namespace {

constexpr std::uint8_t end_tag = 0x00;
constexpr std::uint8_t integer_tag = 0x01;
constexpr std::uint8_t text_tag = 0x02;

constexpr std::uint8_t text_end = 0x01;
constexpr std::uint8_t escaped_zero = 0xFF;

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

void append_part(std::string& out, const KeyPart& part) {
  if (const auto* integer = std::get_if<std::int64_t>(&part)) {
    append_byte(out, integer_tag);
    append_big_endian(out, static_cast<std::uint64_t>(*integer) ^ sign_bit);
    return;
  }
  append_byte(out, text_tag);
  append_escaped(out, std::get<std::string>(part));
  append_byte(out, 0);
  append_byte(out, text_end);
}

std::optional<std::string> read_text(ByteReader& reader) {
  std::string text;
  for (;;) {
    const std::size_t zero = reader.rest().find('\0');
    if (zero == std::string_view::npos) return std::nullopt;
    text += reader.take(zero);
    reader.byte();
    const std::uint8_t mark = reader.byte();
    if (!reader.ok()) return std::nullopt;
    if (mark == text_end) return text;
    if (mark != escaped_zero) return std::nullopt;
    text += '\0';
  }
}

std::string progress_prefix(PipelineId pipeline, std::uint64_t identity, ProgressKey kind) {
  std::string key = identity_key(pipeline);
  append_big_endian(key, identity);
  append_byte(key, static_cast<std::uint8_t>(kind));
  return key;
}

}  // namespace

std::string encode_row_key(const RowKey& key) {
  std::string out;
  append_big_endian(out, key.table.value);
  append_big_endian(out, key.slot);
  for (const KeyPart& part : key.parts) append_part(out, part);
  append_byte(out, end_tag);
  if (key.window) append_big_endian(out, key.window->value);
  return out;
}

std::optional<RowKey> decode_row_key(std::string_view bytes) {
  ByteReader reader(bytes);
  RowKey key;
  key.table = TableId(reader.big_endian<std::uint32_t>());
  key.slot = reader.big_endian<std::uint16_t>();
  for (;;) {
    const std::uint8_t tag = reader.byte();
    if (!reader.ok()) return std::nullopt;
    if (tag == end_tag) break;
    if (tag == integer_tag) {
      const std::uint64_t value = reader.big_endian<std::uint64_t>() ^ sign_bit;
      key.parts.emplace_back(static_cast<std::int64_t>(value));
    } else if (tag == text_tag) {
      std::optional<std::string> text = read_text(reader);
      if (!text) return std::nullopt;
      key.parts.emplace_back(std::move(*text));
    } else {
      return std::nullopt;
    }
  }
  if (!reader.rest().empty()) {
    key.window = EventTime(reader.big_endian<std::uint64_t>());
    if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  }
  return key;
}

std::string text_key_begin(TableId table) {
  std::string out;
  append_big_endian(out, table.value);
  append_big_endian(out, std::uint16_t{0});
  append_byte(out, text_tag);
  return out;
}

void append_escaped(std::string& out, std::string_view text) {
  for (;;) {
    const std::size_t zero = text.find('\0');
    out += text.substr(0, zero);
    if (zero == std::string_view::npos) return;
    append_byte(out, 0);
    append_byte(out, escaped_zero);
    text.remove_prefix(zero + 1);
  }
}

std::string text_row_prefix(TableId table, std::string_view text) {
  std::string out = text_key_begin(table);
  append_escaped(out, text);
  return out;
}

std::string text_row_key(TableId table, std::string_view text, std::optional<EventTime> window) {
  std::string out = text_row_prefix(table, text);
  out += text_key_end;
  if (window) append_big_endian(out, window->value);
  return out;
}

std::optional<TextRow> read_text_row_key(std::string_view bytes) {
  std::optional<RowKey> key = decode_row_key(bytes);
  if (!key || key->slot != 0 || key->parts.size() != 1) return std::nullopt;
  auto* text = std::get_if<std::string>(&key->parts.front());
  if (text == nullptr) return std::nullopt;
  return TextRow{std::move(*text), key->window};
}

std::string row_name(std::string_view text, std::optional<EventTime> window) {
  std::string name(text);
  if (window) name.append("@").append(rfc3339(window->value));
  return name;
}

std::optional<TextRow> window_row_named(std::string_view name) {
  const std::size_t at = name.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const auto start = parse_timestamp(name.substr(at + 1));
  if (!start) return std::nullopt;
  return TextRow{std::string(name.substr(0, at)), *start};
}

std::string window_due_prefix(TableId table, WindowDue due) {
  std::string key;
  append_big_endian(key, table.value);
  append_byte(key, static_cast<std::uint8_t>(due));
  return key;
}

std::string window_due_key(TableId table, WindowDue due, EventTime end, std::string_view row_key) {
  std::string key = window_due_prefix(table, due);
  append_big_endian(key, end.value);
  key += row_key;
  return key;
}

std::pair<EventTime, std::string_view> read_window_due_key(std::string_view bytes) {
  ByteReader reader(bytes);
  reader.take(sizeof(std::uint32_t) + sizeof(std::uint8_t));
  const EventTime end(reader.big_endian<std::uint64_t>());
  return {end, reader.rest()};
}

std::uint64_t identity_hash(std::string_view source_identity) {
  return XXH3_64bits(source_identity.data(), source_identity.size());
}

std::string identity_key(PipelineId pipeline) {
  std::string key;
  append_big_endian(key, pipeline.value);
  return key;
}

std::string owner_key(PipelineId pipeline, std::uint64_t identity) {
  return progress_prefix(pipeline, identity, ProgressKey::owner);
}

std::string log_prefix(PipelineId pipeline, std::uint64_t identity) {
  return progress_prefix(pipeline, identity, ProgressKey::log);
}

std::string log_key(PipelineId pipeline, std::uint64_t identity, Partition partition) {
  std::string key = log_prefix(pipeline, identity);
  append_big_endian(key, partition.value);
  return key;
}

std::string object_prefix(PipelineId pipeline, std::uint64_t identity) {
  return progress_prefix(pipeline, identity, ProgressKey::object);
}

std::string intent_key(PipelineId pipeline) {
  return progress_prefix(pipeline, 0, ProgressKey::intent);
}

ProgressKey kind_of_progress_key(std::string_view key) {
  constexpr std::size_t kind_at = sizeof(std::uint32_t) + sizeof(std::uint64_t);
  if (key.size() <= kind_at) return ProgressKey::identity;
  return static_cast<ProgressKey>(key[kind_at]);
}

std::string dead_letter_prefix(PipelineId pipeline) { return identity_key(pipeline); }

std::string dead_letter_key(PipelineId pipeline, std::uint64_t sequence) {
  std::string key = dead_letter_prefix(pipeline);
  append_big_endian(key, sequence);
  return key;
}

std::optional<DeadLetterKey> decode_dead_letter_key(std::string_view bytes) {
  ByteReader reader(bytes);
  DeadLetterKey key;
  key.pipeline = PipelineId(reader.big_endian<std::uint32_t>());
  key.sequence = reader.big_endian<std::uint64_t>();
  if (!reader.ok() || !reader.rest().empty()) return std::nullopt;
  return key;
}

std::string horizon_key(PipelineId pipeline) { return identity_key(pipeline); }

std::string bucket_key(PipelineId pipeline, std::uint32_t bucket) {
  std::string key = horizon_key(pipeline);
  append_big_endian(key, bucket);
  return key;
}

void append_mark(std::string& bucket_key, const DedupeId& id) {
  append_big_endian(bucket_key, id.high);
  append_big_endian(bucket_key, id.low);
}

std::optional<MarkKey> decode_mark_key(std::string_view bytes) {
  ByteReader reader(bytes);
  MarkKey key;
  key.pipeline = PipelineId(reader.big_endian<std::uint32_t>());
  if (reader.ok() && !reader.rest().empty()) {
    key.bucket = reader.big_endian<std::uint32_t>();
    key.whole_bucket = reader.rest().empty();
  }
  if (!reader.ok()) return std::nullopt;
  return key;
}

std::string outbox_number_key(OutboxId outbox) {
  std::string key;
  append_big_endian(key, outbox.value);
  return key;
}

std::string queued_effect_key(OutboxId outbox, std::uint64_t number) {
  std::string key = outbox_number_key(outbox);
  append_big_endian(key, number);
  return key;
}

std::string stream_key(StreamId stream) {
  std::string key;
  append_big_endian(key, stream.value);
  return key;
}

std::string stream_state_key(StreamId stream, Partition partition) {
  std::string key = stream_key(stream);
  append_big_endian(key, partition.value);
  return key;
}

std::string stream_record_key(StreamId stream, Partition partition, std::uint64_t number) {
  std::string key = stream_state_key(stream, partition);
  append_big_endian(key, number);
  return key;
}

}  // namespace tidemill::state

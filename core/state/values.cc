#include "core/state/values.h"

#include <fmt/format.h>

#include <cassert>
#include <utility>

#include "core/state/byte_codec.h"

namespace tidemill::state {
namespace {

constexpr std::uint8_t value_version = 1;

enum RowFlag : std::uint8_t {
  flag_number = 0x01,
  flag_time = 0x02,
  flag_expires = 0x04,
  flag_merge_refused = 0x08,
  flag_written = 0x10,
  flag_aggregate = 0x20,
};

__extension__ typedef unsigned __int128 WideUnsigned;

void append_wide(std::string& out, WideInteger value) {
  const auto bits = static_cast<WideUnsigned>(value);
  append_big_endian(out, static_cast<std::uint64_t>(bits >> 64));
  append_big_endian(out, static_cast<std::uint64_t>(bits));
}

WideInteger read_wide(ByteReader& reader) {
  const auto high = reader.big_endian<std::uint64_t>();
  const auto low = reader.big_endian<std::uint64_t>();
  return static_cast<WideInteger>((static_cast<WideUnsigned>(high) << 64) | low);
}

bool known(MergeKind kind) { return kind >= MergeKind::sum && kind <= MergeKind::last; }

// True after the version byte when it is ours.
bool versioned(ByteReader& reader) { return reader.byte() == value_version && reader.ok(); }

using Pairs = std::vector<std::pair<std::string, std::string>>;

void append_pairs(std::string& out, const Pairs& pairs) {
  append_big_endian(out, static_cast<std::uint32_t>(pairs.size()));
  for (const auto& [name, value] : pairs) {
    append_sized(out, name);
    append_sized(out, value);
  }
}

Pairs read_pairs(ByteReader& reader) {
  Pairs pairs;
  const auto count = reader.big_endian<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    const std::string_view name = reader.sized();
    pairs.emplace_back(name, reader.sized());
  }
  return pairs;
}

// What format 1.3 added.
void read_rest_of_letter(ByteReader& reader, DeadLetter& letter) {
  letter.replays = reader.big_endian<std::uint32_t>();
  letter.first_died = WallTime(reader.big_endian<std::uint64_t>());
  for (std::string* text : {&letter.code, &letter.id, &letter.origin}) *text = reader.sized();
  letter.extensions = read_pairs(reader);
  const auto taken = reader.big_endian<std::uint32_t>();
  for (std::uint32_t i = 0; i < taken && reader.ok(); ++i)
    letter.taken_by.emplace_back(reader.sized());
  if (reader.byte() == 0) return;
  DeadEffect effect;
  effect.kind = static_cast<EffectKind>(reader.byte());
  effect.ordinal = reader.big_endian<std::uint32_t>();
  effect.event_key = reader.sized();
  letter.effect = std::move(effect);
}

}  // namespace

void append_row_header(std::string& out, const RowValue& row) {
  int flags = 0;
  if (row.number) flags |= flag_number;
  if (row.time.value != 0) flags |= flag_time;
  if (row.expires.value != 0) flags |= flag_expires;
  if (row.merge_refused) flags |= flag_merge_refused;
  if (row.written.value != 0) flags |= flag_written;
  if (row.aggregate) flags |= flag_aggregate;
  append_byte(out, value_version);
  append_byte(out, static_cast<std::uint8_t>(flags));
  append_big_endian(out, row.row_version);
  if (row.time.value != 0) append_big_endian(out, row.time.value);
  if (row.expires.value != 0) append_big_endian(out, row.expires.value);
  if (row.written.value != 0) append_big_endian(out, row.written.value);
}

void append_row_value(std::string& out, const RowValue& row) {
  append_row_header(out, row);
  if (row.number) {
    append_byte(out, static_cast<std::uint8_t>(row.number->kind));
    append_wide(out, row.number->value);
  } else if (row.aggregate) {
    append_aggregate(out, *row.aggregate);
  } else {
    out += row.bytes;
  }
}

std::optional<RowValue> read_row_value(std::string_view value) {
  ByteReader reader(value);
  if (!versioned(reader)) return std::nullopt;
  RowValue row;
  const std::uint8_t flags = reader.byte();
  row.row_version = reader.big_endian<std::uint64_t>();
  if ((flags & flag_time) != 0) row.time = EventTime(reader.big_endian<std::uint64_t>());
  if ((flags & flag_expires) != 0) row.expires = WallTime(reader.big_endian<std::uint64_t>());
  if ((flags & flag_written) != 0) row.written = WallTime(reader.big_endian<std::uint64_t>());
  row.merge_refused = (flags & flag_merge_refused) != 0;
  if ((flags & flag_aggregate) != 0) {
    auto aggregate = read_aggregate(reader);
    if (!aggregate) return std::nullopt;
    row.aggregate = std::move(*aggregate);
  } else if ((flags & flag_number) == 0) {
    row.bytes = reader.rest();
  } else {
    Number number;
    number.kind = static_cast<MergeKind>(reader.byte());
    number.value = read_wide(reader);
    if (!known(number.kind) || !reader.rest().empty()) return std::nullopt;
    row.number = number;
  }
  if (!reader.ok()) return std::nullopt;
  return row;
}

std::string row_body(const RowValue& row) {
  if (row.aggregate) return row.aggregate->shown();
  return row.number ? fmt::format("{}", row.number->value) : std::string(row.bytes);
}

void append_log_progress(std::string& out, const LogProgress& progress) {
  append_byte(out, value_version);
  append_big_endian(out, progress.next.value);
  append_big_endian(out, static_cast<std::uint32_t>(progress.settled.size()));
  for (const OffsetRange& range : progress.settled) {
    append_big_endian(out, range.begin.value);
    append_big_endian(out, range.end.value);
  }
  if (progress.clocks.empty()) return;
  append_big_endian(out, static_cast<std::uint32_t>(progress.clocks.size()));
  for (const ClockProgress& clock : progress.clocks) {
    append_big_endian(out, clock.table.value);
    append_big_endian(out, clock.latest.value);
    append_big_endian(out, clock.late);
    append_big_endian(out, clock.dropped);
  }
}

std::optional<LogProgress> read_log_progress(std::string_view value) {
  ByteReader reader(value);
  if (!versioned(reader)) return std::nullopt;
  LogProgress progress;
  progress.next = Offset(reader.big_endian<std::uint64_t>());
  const auto count = reader.big_endian<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
    OffsetRange range;
    range.begin = Offset(reader.big_endian<std::uint64_t>());
    range.end = Offset(reader.big_endian<std::uint64_t>());
    progress.settled.push_back(range);
  }
  if (!reader.ok()) return std::nullopt;
  if (reader.rest().empty()) return progress;
  const auto clocks = reader.big_endian<std::uint32_t>();
  for (std::uint32_t i = 0; i < clocks && reader.ok(); ++i) {
    ClockProgress clock;
    clock.table = TableId(reader.big_endian<std::uint32_t>());
    clock.latest = EventTime(reader.big_endian<std::uint64_t>());
    clock.late = reader.big_endian<std::uint64_t>();
    clock.dropped = reader.big_endian<std::uint64_t>();
    progress.clocks.push_back(clock);
  }
  if (!reader.ok()) return std::nullopt;
  return progress;
}

void append_dead_letter(std::string& out, const DeadLetter& letter) {
  append_byte(out, value_version);
  append_byte(out, static_cast<std::uint8_t>(letter.stage));
  append_big_endian(out, letter.attempts);
  append_big_endian(out, letter.died.value);
  append_big_endian(out, letter.expires.value);
  append_big_endian(out, letter.partition.value);
  append_big_endian(out, letter.offset.value);
  append_big_endian(out, letter.time.value);
  append_big_endian(out, letter.object_bytes);
  for (const std::string* text :
       {&letter.event_id, &letter.sink, &letter.reason, &letter.function, &letter.function_version,
        &letter.source, &letter.type, &letter.subject, &letter.version, &letter.content_type,
        &letter.key, &letter.data}) {
    append_sized(out, *text);
  }
  append_big_endian(out, letter.replays);
  append_big_endian(out, letter.first_died.value);
  for (const std::string* text : {&letter.code, &letter.id, &letter.origin})
    append_sized(out, *text);
  append_pairs(out, letter.extensions);
  append_big_endian(out, static_cast<std::uint32_t>(letter.taken_by.size()));
  for (const std::string& sink : letter.taken_by) append_sized(out, sink);
  append_byte(out, letter.effect ? 1 : 0);
  if (!letter.effect) return;
  append_byte(out, static_cast<std::uint8_t>(letter.effect->kind));
  append_big_endian(out, letter.effect->ordinal);
  append_sized(out, letter.effect->event_key);
}

std::optional<DeadLetter> read_dead_letter(std::string_view value) {
  ByteReader reader(value);
  if (!versioned(reader)) return std::nullopt;
  DeadLetter letter;
  letter.stage = static_cast<Stage>(reader.byte());
  letter.attempts = reader.big_endian<std::uint32_t>();
  letter.died = WallTime(reader.big_endian<std::uint64_t>());
  letter.expires = WallTime(reader.big_endian<std::uint64_t>());
  letter.partition = Partition(reader.big_endian<std::uint32_t>());
  letter.offset = Offset(reader.big_endian<std::uint64_t>());
  letter.time = EventTime(reader.big_endian<std::uint64_t>());
  letter.object_bytes = reader.big_endian<std::uint64_t>();
  for (std::string* text : {&letter.event_id, &letter.sink, &letter.reason, &letter.function,
                            &letter.function_version, &letter.source, &letter.type, &letter.subject,
                            &letter.version, &letter.content_type, &letter.key, &letter.data}) {
    *text = reader.sized();
  }
  letter.first_died = letter.died;
  // Engines before format 1.3 wrote no more.
  if (!reader.rest().empty()) read_rest_of_letter(reader, letter);
  // What follows was added by a later minor version and is not ours to judge.
  if (!reader.ok()) return std::nullopt;
  return letter;
}

void append_queued_effect(std::string& out, const QueuedEffect& effect) {
  append_byte(out, value_version);
  append_byte(out, static_cast<std::uint8_t>(effect.kind));
  append_big_endian(out, effect.ordinal);
  append_big_endian(out, effect.partition.value);
  append_big_endian(out, effect.offset.value);
  append_big_endian(out, effect.time.value);
  for (const std::string* text :
       {&effect.key, &effect.content_type, &effect.data, &effect.event_id, &effect.source,
        &effect.type, &effect.subject, &effect.version, &effect.event_key}) {
    append_sized(out, *text);
  }
  append_pairs(out, effect.metadata);
  append_big_endian(out, effect.replays);
  append_big_endian(out, effect.first_died.value);
}

std::optional<QueuedEffect> read_queued_effect(std::string_view value) {
  ByteReader reader(value);
  if (!versioned(reader)) return std::nullopt;
  QueuedEffect effect;
  effect.kind = static_cast<EffectKind>(reader.byte());
  effect.ordinal = reader.big_endian<std::uint32_t>();
  effect.partition = Partition(reader.big_endian<std::uint32_t>());
  effect.offset = Offset(reader.big_endian<std::uint64_t>());
  effect.time = EventTime(reader.big_endian<std::uint64_t>());
  for (std::string* text :
       {&effect.key, &effect.content_type, &effect.data, &effect.event_id, &effect.source,
        &effect.type, &effect.subject, &effect.version, &effect.event_key}) {
    *text = reader.sized();
  }
  effect.metadata = read_pairs(reader);
  // Engines before format 1.3 wrote no more.
  if (reader.ok() && !reader.rest().empty()) {
    effect.replays = reader.big_endian<std::uint32_t>();
    effect.first_died = WallTime(reader.big_endian<std::uint64_t>());
  }
  // What follows was added by a later minor version and is not ours to judge.
  if (!reader.ok()) return std::nullopt;
  return effect;
}

std::string text_value(std::string_view text) {
  std::string out;
  append_byte(out, value_version);
  out += text;
  return out;
}

std::optional<std::string_view> read_text_value(std::string_view value) {
  ByteReader reader(value);
  if (!versioned(reader)) return std::nullopt;
  return reader.rest();
}

std::string integer_value(std::uint64_t integer) {
  std::string out;
  append_byte(out, value_version);
  append_big_endian(out, integer);
  return out;
}

std::optional<std::uint64_t> read_integer_value(std::string_view value) {
  ByteReader reader(value);
  if (!versioned(reader)) return std::nullopt;
  const auto integer = reader.big_endian<std::uint64_t>();
  if (!reader.ok()) return std::nullopt;
  return integer;
}

}  // namespace tidemill::state

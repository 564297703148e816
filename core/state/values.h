// Values of everything the store keeps. Pure functions: no I/O, no RocksDB, no clock.
//
//   row value     = 01 flags:u8 row_version:u64 [time:u64] [expires:u64] [written:u64] body
//   flags         = 01 number | 02 has time | 04 has expires | 08 a merge was refused
//                 | 10 has written | 20 aggregate
//   body          = number: merge_kind:u8 value:i128, aggregate: see aggregate.h, else the bytes
//   that
//                   were put
//   log progress  = 01 next:u64 count:u32 (begin:u64 end:u64)*
//                   [count:u32 (table:u32 latest:u64 late:u64 dropped:u64)*]
//   dead letter   = 01 fields in the order of append_dead_letter, texts as size:u32 bytes
//   queued effect = 01 fields in the order of append_queued_effect, texts as size:u32 bytes
//   text, integer = 01 byte* | 01 value:u64          registry, meta, object versions, identities,
//                                              numbers of the outbox, horizons and widths of marks
//   mark          = 01 byte*                   what was replied, if anything
//
// The first byte is the version of that value's grammar, so that one kind of value can change
// without rewriting a folder. A merge operand is a row value too: the row that the merge would make
// if there were none yet (merge_operator.h).
//
// Views in what is read point into the bytes that were read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/boxed.h"
#include "core/state/aggregate.h"
#include "core/state/store.h"

namespace tidemill::state {

/// What merges leave behind. `kind` is that of the last merge. Sums are kept this wide, so that no
/// order of folding overflows where another does not.
struct Number {
  MergeKind kind = MergeKind::sum;
  WideInteger value = 0;
  friend bool operator==(const Number&, const Number&) = default;
};

struct RowValue {
  std::uint64_t row_version = 0;  ///< Grows with every commit that touches the row.
  EventTime time;                 ///< 0: unknown.
  WallTime expires;               ///< 0: never.
  WallTime written;               ///< Of an operand that expires: when it was committed.
  bool merge_refused = false;     ///< Somebody merged onto bytes that are no integer.
  std::optional<Number> number;
  Boxed<Aggregate> aggregate{};  ///< Instead of a number.
  std::string_view bytes;        ///< Empty with either.

  /// A row past its expiry is absent, whether or not it was removed yet.
  bool expired(WallTime now) const { return expires.value != 0 && expires <= now; }

  /// Can it be the operand of a merge?
  bool is_operand() const { return number || aggregate; }

  friend bool operator==(const RowValue&, const RowValue&) = default;
};

void append_row_value(std::string& out, const RowValue& row);

/// All of a row value before its bytes, for writers that do not want to copy the bytes.
/// Precondition: neither number nor aggregate.
void append_row_header(std::string& out, const RowValue& row);

std::optional<RowValue> read_row_value(std::string_view value);

/// What people and functions see as the row's body: the bytes, or the number or aggregate as JSON.
std::string row_body(const RowValue& row);

void append_log_progress(std::string& out, const LogProgress& progress);

/// All but the partition, which is in the key.
std::optional<LogProgress> read_log_progress(std::string_view value);

void append_dead_letter(std::string& out, const DeadLetter& letter);
std::optional<DeadLetter> read_dead_letter(std::string_view value);

/// All but the outbox and the number, which are in the key.
void append_queued_effect(std::string& out, const QueuedEffect& effect);
std::optional<QueuedEffect> read_queued_effect(std::string_view value);

std::string text_value(std::string_view text);
std::optional<std::string_view> read_text_value(std::string_view value);

std::string integer_value(std::uint64_t integer);
std::optional<std::uint64_t> read_integer_value(std::string_view value);

/// That an event was settled; when is in the key. What was replied to it follows.
inline constexpr std::string_view mark_value{"\x01", 1};

}  // namespace tidemill::state

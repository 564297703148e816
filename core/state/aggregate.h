// Aggregate: what `aggregate:` keeps of all events of one key and window - how many there were, and
// the sum, the least, the greatest and the mean of what each of them said.
//
// One of them for a single event, one for a commit group and one for a row are the same type, and
// folding them is free of order: however events are cut into batches and commits, the same row
// comes of them to the last bit.
//
//   aggregate = columns:u8 count:u64 [window_start:u64 window_end:u64] [sum] [least] [greatest]
//               [mean_count:u64 sum]
//   columns   = 01 count is shown | 02 sum | 04 min | 08 max | 10 avg | 20 window
//   least, greatest = 01 integer:u64 (two's complement) | 00 double:u64 (its bits)
//   sum: see exact_sum.h
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/state/exact_sum.h"
#include "tidemill/time.h"

namespace tidemill::state {

/// Beside its sum, how many were added: an option may come to a table that has rows already.
struct Mean {
  std::uint64_t count = 0;
  ExactSum sum;
  friend bool operator==(const Mean&, const Mean&) = default;
};

struct Aggregate {
  /// Half-open, in event time.
  struct Window {
    EventTime start;
    EventTime end;
    friend bool operator==(const Window&, const Window&) = default;
  };

  bool shows_count = false;
  std::uint64_t count = 0;  ///< Of events.
  std::optional<Window> window;
  std::optional<ExactSum> sum;
  std::optional<JsonNumber> least;
  std::optional<JsonNumber> greatest;
  std::optional<Mean> mean;

  /// Adds one event, with what it says for the sum, the least, the greatest and the mean.
  void add(const std::optional<JsonNumber>& to_sum, const std::optional<JsonNumber>& to_least,
           const std::optional<JsonNumber>& to_greatest, const std::optional<JsonNumber>& to_mean);

  /// Adds all that `other` has seen. What only one of the two keeps stays as that one has it.
  void fold(const Aggregate& other);

  /// What people and functions see: one JSON object, for instance
  /// {"window_start":"...","window_end":"...","count":3,"sum":4.5,"avg":1.5}.
  std::string shown() const;

  friend bool operator==(const Aggregate&, const Aggregate&) = default;
};

void append_aggregate(std::string& out, const Aggregate& aggregate);
std::optional<Aggregate> read_aggregate(ByteReader& reader);

}  // namespace tidemill::state

// Latencies: how long things took, as counts in buckets. Cheap enough to feed once per batch: a few
// instructions, no allocation, no lock.
//
// Microseconds below 16 are exact; above, each power of two has eight buckets, so that what a
// bucket says is at most an eighth too long. Counts only grow: what happened between two looks is
// the difference, bucket by bucket.
//
// A value; one thread at a time.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "tidemill/time.h"

namespace tidemill {

class Latencies {
 public:
  /// Something took so long, so many times. Longer than the last bucket counts as that.
  void add(Duration took, std::uint64_t times = 1) { counts_[bucket_of(took)] += times; }

  Latencies& operator+=(const Latencies& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    return *this;
  }

  /// Calls `visit(micros, count)` for every bucket that is not empty, from the shortest: so often
  /// something took no longer than that, and longer than the bucket before.
  void each(auto&& visit) const {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i] != 0) visit(longest_of(i), counts_[i]);
  }

 private:
  static constexpr std::uint64_t exact = 16;
  static constexpr std::size_t exact_bits = 4;
  static constexpr std::size_t octaves = 33;  // Up to 2^37 us, more than a day.
  static constexpr std::size_t buckets = exact + octaves * 8;

  static std::size_t bucket_of(Duration took) {
    if (took.count() < 0) return 0;
    const auto micros = static_cast<std::uint64_t>(took.count());
    if (micros < exact) return micros;
    const auto octave = static_cast<std::size_t>(std::bit_width(micros)) - 1;
    const std::size_t eighth = (micros >> (octave - 3)) & 7;
    const std::size_t bucket = exact + (octave - exact_bits) * 8 + eighth;
    return bucket < buckets ? bucket : buckets - 1;
  }

  static std::uint64_t longest_of(std::size_t bucket) {
    if (bucket < exact) return bucket;
    const std::size_t octave = (bucket - exact) / 8 + exact_bits;
    const std::uint64_t eighth = (bucket - exact) % 8;
    return ((8 + eighth + 1) << (octave - 3)) - 1;
  }

  std::array<std::uint64_t, buckets> counts_{};
};

}  // namespace tidemill

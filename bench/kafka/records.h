// What the topics of bench_kafka hold: clicks as JSON of a given size, in the order of their times,
// a third of each type; and what has to come of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::bench {

struct Records {
  std::uint64_t count = 0;
  std::size_t bytes = 0;  ///< Of one value; at least 100.
};

inline constexpr std::uint32_t pages = 1'000;
inline constexpr std::uint64_t per_second = 10'000;  ///< Of event time.

/// The value of record `n`; its key is its page.
std::string value_of(std::uint64_t n, std::size_t bytes);
std::string page_of(std::uint64_t n);

/// How many of the first `count` have this type: page, search or ping.
std::uint64_t of_type(std::uint64_t count, std::string_view type);

}  // namespace tidemill::bench

// StringTable: which of a fixed set of strings is this one? Built once, then read by any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::pattern {

/// No string, no field, no anything: the index that nothing has.
inline constexpr std::uint32_t none = 0xFFFFFFFF;

class StringTable {
 public:
  StringTable() = default;

  /// The strings are all different.
  explicit StringTable(std::span<const std::string> strings);

  /// Its index among the strings given, or `none`.
  std::uint32_t find(std::string_view text) const {
    // Most misses end here: no string of the set is this long.
    if ((lengths_ >> (text.size() & 63) & 1) == 0) return none;
    return find_hashed(text);
  }

  bool empty() const { return slots_.empty(); }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t index = none;
    std::uint32_t begin = 0;  // in bytes_
    std::uint32_t length = 0;
  };

  std::uint32_t find_hashed(std::string_view text) const;

  std::uint64_t lengths_ = 0;  // one bit for each length, modulo 64
  std::vector<Slot> slots_;    // a power of two, at most half full
  std::string bytes_;
};

}  // namespace tidemill::pattern

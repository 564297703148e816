// AffixIndex: which of a fixed set of strings does a value begin with, or end with? Built once,
// then read by any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/string_table.h"

namespace tidemill::pattern {

/// The strings stand in order, and each knows the longest of the others that it begins with. Of all
/// that a value begins with, the longest is the value's neighbour in that order or one that the
/// neighbour begins with: a binary search, then one step for each string that is found. For ends
/// the same, with all strings read backwards.
class AffixIndex {
 public:
  enum class Side : bool { begin, end };

  AffixIndex() = default;

  /// The strings are all different.
  AffixIndex(Side side, std::span<const std::string> affixes);

  bool empty() const { return entries_.empty(); }

  /// Calls `found(index)` for each of the strings that `value` has on that side, with its index
  /// among those given.
  template <class Found>
  void find(std::string_view value, Found&& found) const {
    for (std::uint32_t at = longest_of(value); at != none; at = entries_[at].shorter)
      found(entries_[at].index);
  }

 private:
  struct Entry {
    std::uint64_t head = 0;  // see head_of()
    std::uint64_t mask = 0;  // the part of a head that the text fills
    std::string text;
    std::uint32_t index = 0;
    std::uint32_t shorter = none;  // the longest other entry that this one has on that side
  };

  std::uint64_t head_of(std::string_view text) const;
  bool before(std::uint64_t head, std::string_view text, const Entry& entry) const;
  bool has(std::uint64_t head, std::string_view value, const Entry& entry) const;
  std::uint32_t longest_of(std::string_view value) const;

  Side side_ = Side::begin;
  std::vector<Entry> entries_;  // in order of their texts, read from that side
};

}  // namespace tidemill::pattern

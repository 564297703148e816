#include "core/pattern/string_table.h"

#include <bit>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::pattern {
namespace {

std::uint32_t hash_of(std::string_view text) {
  return static_cast<std::uint32_t>(XXH3_64bits(text.data(), text.size()));
}

// memcmp() for texts of a few bytes, without the call.
bool same(const char* a, const char* b, std::size_t length) {
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  std::size_t at = 0;
  for (; at + sizeof x <= length; at += sizeof x) {
    std::memcpy(&x, a + at, sizeof x);
    std::memcpy(&y, b + at, sizeof y);
    if (x != y) return false;
  }
  for (; at < length; ++at)
    if (a[at] != b[at]) return false;
  return true;
}

}  // namespace

StringTable::StringTable(std::span<const std::string> strings) {
  if (strings.empty()) return;
  slots_.resize(std::bit_ceil(strings.size() * 2));
  for (std::uint32_t index = 0; index < strings.size(); ++index) {
    const std::string& text = strings[index];
    lengths_ |= std::uint64_t{1} << (text.size() & 63);
    const std::uint32_t hash = hash_of(text);
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].index != none) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hash, index, static_cast<std::uint32_t>(bytes_.size()),
                  static_cast<std::uint32_t>(text.size())};
    bytes_ += text;
  }
}

std::uint32_t StringTable::find_hashed(std::string_view text) const {
  const std::uint32_t hash = hash_of(text);
  for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.index == none) return none;
    if (slot.hash == hash && slot.length == text.size() &&
        same(bytes_.data() + slot.begin, text.data(), text.size()))
      return slot.index;
  }
}

}  // namespace tidemill::pattern

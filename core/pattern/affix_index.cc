#include "core/pattern/affix_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tidemill::pattern {
namespace {

bool backwards_before(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(
      a.rbegin(), a.rend(), b.rbegin(), b.rend(),
      [](char x, char y) { return static_cast<unsigned char>(x) < static_cast<unsigned char>(y); });
}

std::uint64_t mask_of(std::size_t length) {
  if (length == 0) return 0;
  return length >= 8 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> (8 * length));
}

}  // namespace

AffixIndex::AffixIndex(Side side, std::span<const std::string> affixes) : side_(side) {
  for (std::uint32_t index = 0; index < affixes.size(); ++index)
    entries_.push_back(
        {head_of(affixes[index]), mask_of(affixes[index].size()), affixes[index], index, none});
  std::ranges::sort(entries_,
                    [this](const Entry& a, const Entry& b) { return before(a.head, a.text, b); });
  for (std::uint32_t at = 1; at < entries_.size(); ++at) {
    std::uint32_t shorter = at - 1;
    while (shorter != none && !has(entries_[at].head, entries_[at].text, entries_[shorter]))
      shorter = entries_[shorter].shorter;
    entries_[at].shorter = shorter;
  }
}

// The first eight bytes from that side as one number, which orders most texts as they are ordered.
std::uint64_t AffixIndex::head_of(std::string_view text) const {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t head = 0;
  if (text.size() >= sizeof head) {
    const std::size_t from = side_ == Side::begin ? 0 : text.size() - sizeof head;
    std::memcpy(&head, text.data() + from, sizeof head);
    return side_ == Side::begin ? std::byteswap(head) : head;
  }
  for (std::size_t i = 0; i < sizeof head; ++i) {
    const std::size_t at = side_ == Side::begin ? i : text.size() - 1 - i;
    head = head << 8 | (i < text.size() ? static_cast<unsigned char>(text[at]) : 0U);
  }
  return head;
}

bool AffixIndex::before(std::uint64_t head, std::string_view text, const Entry& entry) const {
  if (head != entry.head) return head < entry.head;
  return side_ == Side::begin ? text < entry.text : backwards_before(text, entry.text);
}

bool AffixIndex::has(std::uint64_t head, std::string_view value, const Entry& entry) const {
  // Most that do not have it differ here, and what is short needs no more.
  if (((head ^ entry.head) & entry.mask) != 0 || value.size() < entry.text.size()) return false;
  if (entry.text.size() <= sizeof head) return true;
  return side_ == Side::begin ? value.starts_with(entry.text) : value.ends_with(entry.text);
}

std::uint32_t AffixIndex::longest_of(std::string_view value) const {
  const std::uint64_t head = head_of(value);
  std::size_t from = 0;
  for (std::size_t to = entries_.size(); from < to;) {
    const std::size_t middle = from + (to - from) / 2;
    if (before(head, value, entries_[middle]))
      to = middle;
    else
      from = middle + 1;
  }
  std::uint32_t at = from == 0 ? none : static_cast<std::uint32_t>(from - 1);
  while (at != none && !has(head, value, entries_[at])) at = entries_[at].shorter;
  return at;
}

}  // namespace tidemill::pattern

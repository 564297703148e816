#include "core/pattern/wildcard_index.h"

#include <algorithm>
#include <map>

namespace tidemill::pattern {
namespace {

using Groups = std::map<std::string, std::vector<std::uint32_t>>;

// The texts of `groups`, and what belongs to each in the same order.
std::vector<std::string> split(const Groups& groups,
                               std::vector<std::vector<std::uint32_t>>& members) {
  std::vector<std::string> texts;
  for (const auto& [text, group] : groups) {
    texts.push_back(text);
    members.push_back(group);
  }
  return texts;
}

}  // namespace

WildcardIndex::WildcardIndex(std::span<const std::string> wildcards) {
  Groups beginnings;
  Groups ends;
  Groups middles;
  for (std::uint32_t index = 0; index < wildcards.size(); ++index) {
    const Wildcard& wildcard = wildcards_.emplace_back(wildcards[index]);
    const auto parts = wildcard.parts();
    const auto longest = std::ranges::max_element(parts, {}, &std::string::size);
    if (longest->empty()) {
      textless_.push_back(index);
    } else if (longest == parts.begin()) {
      beginnings[*longest].push_back(index);
    } else if (longest == parts.end() - 1) {
      ends[*longest].push_back(index);
    } else {
      middles[*longest].push_back(index);
    }
  }
  beginnings_ = AffixIndex(AffixIndex::Side::begin, split(beginnings, by_beginning_));
  ends_ = AffixIndex(AffixIndex::Side::end, split(ends, by_end_));
  middles_ = TextSearch(split(middles, by_middle_));
}

}  // namespace tidemill::pattern

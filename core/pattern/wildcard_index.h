// WildcardIndex: which of a fixed set of wildcards match a value? Built once, then read by any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/affix_index.h"
#include "core/pattern/text_search.h"
#include "core/pattern/wildcard.h"

namespace tidemill::pattern {

/// Each wildcard is looked at only for values that contain the longest text between its stars: at
/// the beginning, at the end or anywhere, whichever it asks for.
class WildcardIndex {
 public:
  WildcardIndex() = default;
  explicit WildcardIndex(std::span<const std::string> wildcards);

  bool empty() const { return wildcards_.empty(); }

  /// Calls `found(index)` once for each wildcard that matches `value`, with its index among those
  /// given.
  template <class Found>
  void find(std::string_view value, SearchMemory& memory, Found&& found) const {
    const auto look = [&](const Group& group) {
      for (const std::uint32_t wildcard : group)
        if (wildcards_[wildcard].matches(value)) found(wildcard);
    };
    look(textless_);
    if (!beginnings_.empty())
      beginnings_.find(value, [&](std::uint32_t at) { look(by_beginning_[at]); });
    if (!ends_.empty()) ends_.find(value, [&](std::uint32_t at) { look(by_end_[at]); });
    if (!middles_.empty())
      middles_.find(value, memory, [&](std::uint32_t at) { look(by_middle_[at]); });
  }

 private:
  using Group = std::vector<std::uint32_t>;  // wildcards with the same longest text

  std::vector<Wildcard> wildcards_;
  AffixIndex beginnings_;
  AffixIndex ends_;
  TextSearch middles_;
  std::vector<Group> by_beginning_;
  std::vector<Group> by_end_;
  std::vector<Group> by_middle_;
  Group textless_;  // only a star
};

}  // namespace tidemill::pattern

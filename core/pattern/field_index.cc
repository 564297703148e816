#include "core/pattern/field_index.h"

#include <algorithm>

namespace tidemill::pattern {

FieldIndex::FieldIndex(const Targets& targets) {
  std::array<std::vector<std::string>, ops> texts;
  std::vector<Interval<Address>> blocks;
  std::vector<Interval<double>> ranges;
  for (const auto& [term, told] : targets) {
    const auto op = static_cast<std::size_t>(term.op);
    ++first_[op + 1];
    ops_ |= op_bit(term.op);
    targets_.insert(targets_.end(), told.begin(), told.end());
    begins_.push_back(static_cast<std::uint32_t>(targets_.size()));
    if (term.op == Op::address)
      blocks.push_back(term.addresses);
    else if (term.op == Op::number)
      numbers_.push_back(term.numbers.low);
    else if (term.op == Op::range)
      ranges.push_back(term.numbers);
    else
      texts[op].push_back(term.text);
  }
  for (std::size_t op = 0; op < ops; ++op) first_[op + 1] += first_[op];
  const auto of = [&texts](Op op) { return std::move(texts[static_cast<std::size_t>(op)]); };
  texts_ = StringTable(of(Op::text));
  prefixes_ = AffixIndex(AffixIndex::Side::begin, of(Op::prefix));
  suffixes_ = AffixIndex(AffixIndex::Side::end, of(Op::suffix));
  wildcards_ = WildcardIndex(of(Op::wildcard));
  any_case_texts_ = StringTable(of(Op::any_case));
  any_case_prefixes_ = AffixIndex(AffixIndex::Side::begin, of(Op::any_case_prefix));
  any_case_suffixes_ = AffixIndex(AffixIndex::Side::end, of(Op::any_case_suffix));
  digits_ = StringTable(of(Op::digits));
  addresses_ = IntervalIndex<Address>(blocks);
  ranges_ = IntervalIndex<double>(ranges);
}

std::uint32_t FieldIndex::number(double value) const {
  const auto found = std::ranges::lower_bound(numbers_, value);
  if (found == numbers_.end() || *found != value) return none;
  return static_cast<std::uint32_t>(found - numbers_.begin());
}

}  // namespace tidemill::pattern

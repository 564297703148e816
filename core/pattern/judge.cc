#include "core/pattern/judge.h"

#include <bit>

namespace tidemill::pattern {

void Judge::decide(const Program& program, const Tally& tally,
                   std::vector<std::uint32_t>& matched) {
  program_ = &program;
  tally_ = &tally;
  matched_bits_.assign((program.patterns + 63) / 64, 0);
  for (const std::uint32_t predicate : tally.satisfied())
    for (const std::uint32_t branch : program.by_predicate[predicate]) look(branch);
  for (const std::uint32_t field : tally.awaited())
    for (const std::uint32_t branch : program.by_field[field]) look(branch);
  for (const std::uint32_t branch : program.always) look(branch);
  matched.clear();
  for (std::uint32_t word = 0; word < matched_bits_.size(); ++word)
    for (std::uint64_t bits = matched_bits_[word]; bits != 0; bits &= bits - 1)
      matched.push_back(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
}

void Judge::look(std::uint32_t number) {
  const Branch& branch = program_->branches[number];
  std::uint64_t& word = matched_bits_[branch.pattern / 64];
  const std::uint64_t bit = std::uint64_t{1} << (branch.pattern % 64);
  if ((word & bit) == 0 && holds(branch)) word |= bit;
}

bool Judge::holds(const Branch& branch) {
  bool all_plain = true;
  for (const std::uint32_t number : program_->predicates_of(branch)) {
    const Standing found = standing(program_->predicates[number], number);
    if (found == Standing::no) return false;
    all_plain = all_plain && found == Standing::plain;
  }
  return all_plain || holds_together(branch);
}

Judge::Standing Judge::standing(const Predicate& predicate, std::uint32_t number) const {
  Standing best = Standing::no;
  if (predicate.any_of) {
    const auto satisfied = tally_->predicate(number);
    if (satisfied.plain > 0) return Standing::plain;
    if (satisfied.nested > 0) best = Standing::nested;
  }
  if (!predicate.present && !predicate.absent && predicate.negations == predicate.negations_end)
    return best;
  const auto values = tally_->field(predicate.field);
  if (predicate.absent) {
    if (values.plain + values.nested == 0) return Standing::plain;
    if (values.plain == 0) best = Standing::nested;
  }
  if (predicate.present && values.plain > 0) return Standing::plain;
  if (predicate.present && values.nested > 0) best = Standing::nested;
  for (std::uint32_t i = predicate.negations; i < predicate.negations_end; ++i) {
    const auto excluded = tally_->negation(i);
    if (values.plain > excluded.plain) return Standing::plain;
    if (values.nested > excluded.nested) best = Standing::nested;
  }
  return best;
}

}  // namespace tidemill::pattern

// The part of the Judge that finds out whether predicates hold together.
//
// For each predicate, in the order of their paths, one of its options is chosen so that no two
// choices lie in different elements of one array. Where nothing fits, the search goes back to a
// choice that is to blame for it, past those that are not, which would only repeat the failure: one
// array does not multiply the work for another.
//
// As in event-ruler, a field that must be absent is looked for in the elements that were chosen for
// the fields before it, and before any is chosen, everywhere.
#include <algorithm>

#include "core/pattern/judge.h"

namespace tidemill::pattern {
namespace {

// One bit for each predicate; those from the 64th on share one, and are never passed over.
constexpr std::size_t shared_bit = 63;

std::uint64_t bit(std::size_t at) { return std::uint64_t{1} << std::min(at, shared_bit); }

}  // namespace

bool Judge::holds_together(const Branch& branch) {
  const auto predicates = program_->predicates_of(branch);
  depth_ = predicates.size();
  if (options_.size() < depth_) options_.resize(depth_);
  for (std::size_t i = 0; i < depth_; ++i)
    collect_options(program_->predicates[predicates[i]], predicates[i], options_[i]);
  chosen_.assign(depth_, none);
  std::uint64_t blame = 0;
  return search(0, blame);
}

void Judge::collect_options(const Predicate& predicate, std::uint32_t number, Options& out) {
  out.elements.clear();
  out.absent = predicate.absent;
  out.field = predicate.field;
  const auto take = [&](std::uint32_t value) { out.elements.push_back(tally_->element_of(value)); };
  const auto satisfied = tally_->predicate(number);
  if (satisfied.plain > 0) out.elements.push_back(Elements::event);
  tally_->each_nested(satisfied, take);
  const auto values = tally_->field(predicate.field);
  if (predicate.present) {
    if (values.plain > 0) out.elements.push_back(Elements::event);
    tally_->each_nested(values, take);
  }
  for (std::uint32_t i = predicate.negations; i < predicate.negations_end; ++i) {
    const auto excluded = tally_->negation(i);
    if (values.plain > excluded.plain) out.elements.push_back(Elements::event);
    // Both lists have the newest value first.
    excluded_.clear();
    tally_->each_nested(excluded, [&](std::uint32_t value) { excluded_.push_back(value); });
    auto next = excluded_.begin();
    tally_->each_nested(values, [&](std::uint32_t value) {
      if (next != excluded_.end() && *next == value)
        ++next;
      else
        take(value);
    });
  }
  std::ranges::sort(out.elements);
  out.elements.erase(std::ranges::unique(out.elements).begin(), out.elements.end());
}

// Whether the predicates from `at` on can be satisfied together with what was chosen before; if
// not, `blame` gets those choices without which it might have been possible.
bool Judge::search(std::size_t at, std::uint64_t& blame) {
  if (at == depth_) return true;
  std::uint64_t blamed = 0;
  if (options_[at].absent && is_absent(at, blamed)) {
    chosen_[at] = none;
    std::uint64_t below = 0;
    if (search(at + 1, below)) return true;
    blamed |= below;
  }
  for (const std::uint32_t element : options_[at].elements) {
    if (!goes_with_chosen(at, element, blamed)) continue;
    chosen_[at] = element;
    std::uint64_t below = 0;
    if (search(at + 1, below)) return true;
    blamed |= below;
    if ((below & bit(at)) == 0) {
      blame |= below;
      chosen_[at] = none;
      return false;
    }
  }
  chosen_[at] = none;
  blame |= at < shared_bit ? blamed & ~bit(at) : blamed;
  return false;
}

bool Judge::goes_with_chosen(std::size_t at, std::uint32_t element, std::uint64_t& blame) const {
  for (std::size_t i = 0; i < at; ++i) {
    if (chosen_[i] == none || tally_->elements().consistent(chosen_[i], element)) continue;
    blame |= bit(i);
    return false;
  }
  return true;
}

// Whether no value of the field lies in what was chosen. One value that does is reason enough; to
// blame are those predicates that could have been satisfied elsewhere.
bool Judge::is_absent(std::size_t at, std::uint64_t& blame) const {
  const auto values = tally_->field(options_[at].field);
  if (values.plain > 0) return false;
  const Elements& elements = tally_->elements();
  bool absent = true;
  tally_->each_nested(values, [&](std::uint32_t value) {
    if (!absent) return;
    const std::uint32_t element = tally_->element_of(value);
    const auto excludes = [&](std::uint32_t other) {
      return other != none && !elements.consistent(other, element);
    };
    if (std::ranges::any_of(std::span(chosen_).first(at), excludes)) return;
    absent = false;
    for (std::size_t i = 0; i < at; ++i)
      if (std::ranges::any_of(options_[i].elements, excludes)) blame |= bit(i);
  });
  return absent;
}

}  // namespace tidemill::pattern

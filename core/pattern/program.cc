#include "core/pattern/program.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace tidemill::pattern {
namespace {

// How likely a value is to satisfy a term, compared with others; only the order matters.
std::uint64_t likelihood(const Term& term) {
  switch (term.op) {
    case Op::text:
    case Op::any_case:
    case Op::number:
    case Op::digits:
      return 1;
    case Op::wildcard:
    case Op::address:
      return 3;
    case Op::prefix:
    case Op::suffix:
    case Op::any_case_prefix:
    case Op::any_case_suffix:
      return term.text.empty() ? 20 : 3;
    default:
      return 10;
  }
}

constexpr std::uint64_t likelihood_of_presence = 30;

class Builder {
 public:
  explicit Builder(Program& program) : out_(program) {}

  void add(const Pattern& pattern) {
    std::vector<std::uint32_t> predicates;
    for (const Condition& condition : pattern.conditions)
      predicates.push_back(predicate(condition));
    for (const Combination& combination : pattern.combinations) {
      Branch branch{.pattern = out_.patterns,
                    .predicates = size(out_.branch_predicates),
                    .predicates_end = 0};
      for (const std::uint32_t condition : combination) {
        out_.branch_predicates.push_back(predicates[condition]);
        ++uses_[predicates[condition]];
      }
      branch.predicates_end = size(out_.branch_predicates);
      out_.branches.push_back(branch);
    }
    ++out_.patterns;
  }

  void finish() {
    out_.trie.build();
    for (const FieldIndex::Targets& targets : targets_) out_.fields.emplace_back(targets);
    std::vector<std::vector<std::uint32_t>> by_predicate(out_.predicates.size());
    std::vector<std::vector<std::uint32_t>> by_field(out_.fields.size());
    for (std::uint32_t branch = 0; branch < out_.branches.size(); ++branch) {
      const std::uint32_t trigger = least_likely(out_.branches[branch]);
      if (trigger == none)
        out_.always.push_back(branch);
      else if (is_told(out_.predicates[trigger]))
        by_predicate[trigger].push_back(branch);
      else
        by_field[out_.predicates[trigger].field].push_back(branch);
    }
    for (const auto& branches : by_field) out_.awaited.push_back(!branches.empty());
    out_.by_predicate = Lists(by_predicate);
    out_.by_field = Lists(by_field);
  }

 private:
  template <class T>
  static std::uint32_t size(const std::vector<T>& items) {
    return static_cast<std::uint32_t>(items.size());
  }

  // Whether it holds only if the index of its field tells so.
  static bool is_told(const Predicate& p) {
    return !p.present && !p.absent && p.negations == p.negations_end;
  }

  std::uint32_t field(const std::string& path) {
    const auto [known, fresh] = fields_.try_emplace(path, size(targets_));
    if (fresh) {
      out_.trie.add(path, known->second);
      targets_.emplace_back();
    }
    return known->second;
  }

  std::uint32_t predicate(const Condition& condition) {
    const auto& [path, asked] = condition;
    const std::uint32_t number = size(out_.predicates);
    const auto [known, fresh] = predicates_.try_emplace({path, asked}, number);
    if (!fresh) return known->second;
    Predicate made{.field = field(path),
                   .any_of = !asked.any_of.empty(),
                   .present = asked.present,
                   .absent = asked.absent,
                   .negations = out_.negations,
                   .negations_end = 0};
    FieldIndex::Targets& targets = targets_[made.field];
    std::uint64_t likely = 0;
    for (const Term& term : asked.any_of) {
      targets[term].push_back(satisfies(number));
      likely += likelihood(term);
    }
    for (const auto& none_of : asked.none_of) {
      for (const Term& term : none_of) targets[term].push_back(excluded_by(out_.negations));
      ++out_.negations;
    }
    made.negations_end = out_.negations;
    likely_.push_back(is_told(made) ? likely : likelihood_of_presence);
    uses_.push_back(0);
    out_.predicates.push_back(made);
    return number;
  }

  // What many branches ask for, many events have: it tells little.
  std::uint32_t least_likely(const Branch& branch) const {
    std::uint32_t best = none;
    for (const std::uint32_t predicate : out_.predicates_of(branch)) {
      if (out_.predicates[predicate].absent) continue;
      if (best == none || likely_[predicate] * uses_[predicate] < likely_[best] * uses_[best])
        best = predicate;
    }
    return best;
  }

  Program& out_;
  std::map<std::string, std::uint32_t> fields_;
  std::vector<FieldIndex::Targets> targets_;  // per field
  std::map<std::pair<std::string, Alternatives>, std::uint32_t> predicates_;
  std::vector<std::uint64_t> likely_;  // per predicate
  std::vector<std::uint64_t> uses_;    // per predicate
};

}  // namespace

Lists::Lists(const std::vector<std::vector<std::uint32_t>>& lists) {
  for (const auto& list : lists) {
    begins_.push_back(static_cast<std::uint32_t>(numbers_.size()));
    numbers_.insert(numbers_.end(), list.begin(), list.end());
  }
  begins_.push_back(static_cast<std::uint32_t>(numbers_.size()));
}

Program::Program(std::span<const Pattern> all) {
  Builder builder(*this);
  for (const Pattern& pattern : all) builder.add(pattern);
  builder.finish();
}

}  // namespace tidemill::pattern

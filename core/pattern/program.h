// Program: many patterns as one. What an event is walked with; built once, then read by any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/pattern/field_index.h"
#include "core/pattern/field_trie.h"
#include "core/pattern/pattern.h"

namespace tidemill::pattern {

/// What is asked of one field: equal conditions of all patterns are one predicate.
struct Predicate {
  std::uint32_t field = 0;
  bool any_of = false;          ///< Has terms that the field's index tells of.
  bool present = false;         ///< exists: true
  bool absent = false;          ///< exists: false
  std::uint32_t negations = 0;  ///< Its anything-but, numbered across all predicates.
  std::uint32_t negations_end = 0;
};

/// Predicates that have to hold together for one pattern to match, in the order of their paths.
struct Branch {
  std::uint32_t pattern = 0;
  std::uint32_t predicates = 0;  ///< Where they begin in Program::branch_predicates.
  std::uint32_t predicates_end = 0;
};

/// Lists of numbers, one list after the other.
class Lists {
 public:
  Lists() = default;
  explicit Lists(const std::vector<std::vector<std::uint32_t>>& lists);

  std::span<const std::uint32_t> operator[](std::uint32_t list) const {
    return std::span(numbers_).subspan(begins_[list], begins_[list + 1] - begins_[list]);
  }

 private:
  std::vector<std::uint32_t> begins_;
  std::vector<std::uint32_t> numbers_;
};

/// What a target of a FieldIndex is: a predicate that a value satisfies, or an anything-but that
/// excludes it.
inline constexpr Target negation_bit = 1;
inline constexpr Target satisfies(std::uint32_t predicate) { return predicate << 1; }
inline constexpr Target excluded_by(std::uint32_t negation) { return negation << 1 | negation_bit; }

struct Program {
  explicit Program(std::span<const Pattern> patterns);

  std::span<const std::uint32_t> predicates_of(const Branch& branch) const {
    return std::span(branch_predicates)
        .subspan(branch.predicates, branch.predicates_end - branch.predicates);
  }

  FieldTrie trie;
  std::vector<FieldIndex> fields;
  std::vector<Predicate> predicates;
  std::vector<Branch> branches;
  std::vector<std::uint32_t> branch_predicates;
  std::uint32_t patterns = 0;
  std::uint32_t negations = 0;

  // A branch is looked at only once the one of its predicates that is least likely to hold does:
  Lists by_predicate;                 ///< ... when a value satisfies it;
  Lists by_field;                     ///< ... when its field is there, for want of a better one;
  std::vector<std::uint32_t> always;  ///< ... with every event: it asks only for what is not there.
  std::vector<bool> awaited;          ///< Per field: by_field has something for it.
};

}  // namespace tidemill::pattern

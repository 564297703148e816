// Judge: which patterns does an event match, once its values are tallied? Of one thread, reused
// from event to event.
#pragma once

#include <cstdint>
#include <vector>

#include "core/pattern/program.h"
#include "core/pattern/tally.h"

namespace tidemill::pattern {

/// Predicates hold one by one; a pattern matches if they hold *together*: two fields within the
/// objects of one array are to be found in the same object. Most events need no thought about that,
/// because what their patterns ask for lies outside of arrays.
class Judge {
 public:
  /// Replaces `matched` with the numbers of all patterns that the event matches, in order.
  void decide(const Program& program, const Tally& tally, std::vector<std::uint32_t>& matched);

 private:
  // How a predicate stands: not at all, perhaps or only for values within arrays, or for a value
  // outside of them, which goes together with everything.
  enum class Standing : std::uint8_t { no, nested, plain };

  // The ways to satisfy one predicate: with a value of one of these elements, or by the absence of
  // the field.
  struct Options {
    std::vector<std::uint32_t> elements;
    bool absent = false;
    std::uint32_t field = 0;
  };

  void look(std::uint32_t branch);
  bool holds(const Branch& branch);
  Standing standing(const Predicate& predicate, std::uint32_t number) const;

  // Consistency: a search through the options of each predicate.
  bool holds_together(const Branch& branch);
  void collect_options(const Predicate& predicate, std::uint32_t number, Options& out);
  bool search(std::size_t at, std::uint64_t& blame);
  bool is_absent(std::size_t at, std::uint64_t& blame) const;
  bool goes_with_chosen(std::size_t at, std::uint32_t element, std::uint64_t& blame) const;

  const Program* program_ = nullptr;
  const Tally* tally_ = nullptr;
  std::vector<std::uint64_t> matched_bits_;  // one per pattern
  std::vector<Options> options_;             // of the branch under search, reused
  std::size_t depth_ = 0;                    // how many of them are in use
  std::vector<std::uint32_t> chosen_;        // an element for each option decided on, or none
  std::vector<std::uint32_t> excluded_;      // values; a buffer
};

}  // namespace tidemill::pattern

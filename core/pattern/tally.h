// Tally: what one event turned out to hold of what a Program asks for. Written while the event is
// walked, then read by the Judge; of one thread, and reused from event to event.
#pragma once

#include <cstdint>
#include <vector>

#include "core/pattern/program.h"

namespace tidemill::pattern {

/// The elements of an event's arrays, as a tree: an element within an array within an element. The
/// event itself is element 0. A value belongs to the innermost object or array that is an element.
class Elements {
 public:
  static constexpr std::uint32_t event = 0;

  void clear();

  std::uint32_t add_array() { return arrays_++; }

  std::uint32_t add(std::uint32_t parent, std::uint32_t array) {
    elements_.push_back({parent, array, elements_[parent].depth + 1});
    return static_cast<std::uint32_t>(elements_.size() - 1);
  }

  /// False if they lie in different elements of one and the same array.
  bool consistent(std::uint32_t a, std::uint32_t b) const;

 private:
  struct Element {
    std::uint32_t parent = 0;
    std::uint32_t array = none;
    std::uint32_t depth = 0;
  };

  std::vector<Element> elements_ = {{}};
  std::uint32_t arrays_ = 0;
};

class Tally {
 public:
  /// Forgets the event before, and fits itself to `program`.
  void begin(const Program& program, std::uint64_t program_id);

  Elements& elements() { return elements_; }
  const Elements& elements() const { return elements_; }

  /// A value of `field`, which belongs to `element`. What targets are told next is of this value.
  void begin_value(std::uint32_t field, std::uint32_t element) {
    const auto value = static_cast<std::uint32_t>(values_.size());
    values_.push_back(element);
    if (add(fields_[field], value) && program_->awaited[field]) awaited_.push_back(field);
  }
  void tell(Target target) {
    const auto value = static_cast<std::uint32_t>(values_.size() - 1);
    const std::uint32_t number = target >> 1;
    if ((target & negation_bit) != 0)
      add(negations_[number], value);
    else if (add(predicates_[number], value))
      satisfied_.push_back(number);
  }

  /// How many values there are, or were satisfied or excluded. Plain ones belong to the event
  /// itself; the others to an element of an array, and are listed.
  struct Count {
    std::uint32_t event = 0;  // when it was last of use; else all is zero
    std::uint32_t plain = 0;
    std::uint32_t nested = 0;
    std::uint32_t last = none;   // the newest of the nested values in the list
    std::uint32_t value = none;  // the newest value, so that it counts once
  };

  Count field(std::uint32_t number) const { return current(fields_[number]); }
  Count predicate(std::uint32_t number) const { return current(predicates_[number]); }
  Count negation(std::uint32_t number) const { return current(negations_[number]); }

  /// Calls `seen(value)` for the nested values of a count, newest first.
  template <class Seen>
  void each_nested(const Count& count, Seen&& seen) const {
    for (std::uint32_t at = count.last; at != none; at = links_[at].before) seen(links_[at].value);
  }

  std::uint32_t element_of(std::uint32_t value) const { return values_[value]; }

  /// The predicates that were satisfied, and the awaited fields that were there; each once.
  const std::vector<std::uint32_t>& satisfied() const { return satisfied_; }
  const std::vector<std::uint32_t>& awaited() const { return awaited_; }

 private:
  struct Link {
    std::uint32_t value;
    std::uint32_t before;
  };

  Count current(const Count& count) const { return count.event == event_ ? count : Count{}; }

  // Whether this is the first value of the event that counts.
  bool add(Count& count, std::uint32_t value) {
    const bool first = count.event != event_;
    if (first)
      count = {.event = event_, .plain = 0, .nested = 0, .last = none, .value = none};
    else if (count.value == value)
      return false;
    count.value = value;
    if (values_[value] == Elements::event)
      ++count.plain;
    else
      add_nested(count, value);
    return first;
  }
  void add_nested(Count& count, std::uint32_t value);

  const Program* program_ = nullptr;
  std::uint64_t program_id_ = 0;
  std::uint32_t event_ = 0;
  std::vector<Count> fields_;
  std::vector<Count> predicates_;
  std::vector<Count> negations_;
  std::vector<Link> links_;
  std::vector<std::uint32_t> values_;  // the element of each
  std::vector<std::uint32_t> satisfied_;
  std::vector<std::uint32_t> awaited_;
  Elements elements_;
};

}  // namespace tidemill::pattern

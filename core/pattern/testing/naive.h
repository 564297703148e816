// The meaning of patterns, written down as plainly as possible: one pattern, one event, every field
// compared with everything. What the fuzzer and the benchmark hold a PatternSet against.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/pattern/letter_case.h"
#include "core/pattern/number.h"
#include "core/pattern/pattern.h"
#include "core/pattern/wildcard.h"

namespace tidemill::pattern::testing {

/// An event as a list of its values, as event-ruler flattens it.
class NaiveEvent {
 public:
  /// The index of the element in each array that a value lies in, by a number for the array.
  using Membership = std::map<std::uint32_t, std::uint32_t>;

  struct Value {
    simdjson::dom::element json;
    Membership membership;
  };

  explicit NaiveEvent(simdjson::dom::element event) { add(event, "", {}); }

  const std::vector<Value>& at(const std::string& path) const {
    static const std::vector<Value> nothing;
    const auto found = values_.find(path);
    return found == values_.end() ? nothing : found->second;
  }

 private:
  void add(simdjson::dom::element json, const std::string& path, const Membership& membership) {
    if (json.is_object()) {
      const simdjson::dom::object fields = json.get_object();
      for (const auto [name, value] : fields) {
        // At the top a path begins with its first name, whatever that is.
        const std::string below = top_ ? std::string(name) : path + "." + std::string(name);
        const bool was_top = std::exchange(top_, false);
        add(value, below, membership);
        top_ = was_top;
      }
    } else if (json.is_array()) {
      const std::uint32_t array = arrays_++;
      std::uint32_t index = 0;
      const simdjson::dom::array items = json.get_array();
      for (const auto item : items) {
        Membership within = membership;
        if (item.is_object() || item.is_array()) within[array] = index;
        add(item, path, within);
        ++index;
      }
    } else {
      values_[path].push_back({json, membership});
    }
  }

  std::map<std::string, std::vector<Value>> values_;
  std::uint32_t arrays_ = 0;
  bool top_ = true;
};

inline bool is(const Term& term, simdjson::dom::element json) {
  if (json.is_string()) {
    const std::string_view text = json.get_string().value_unsafe();
    const std::string any_case = folded(text);
    const auto address = parse_address(text);
    switch (term.op) {
      case Op::text:
        return text == term.text;
      case Op::any_case:
        return any_case == term.text;
      case Op::prefix:
        return text.starts_with(term.text);
      case Op::any_case_prefix:
        return any_case.starts_with(term.text);
      case Op::suffix:
        return text.ends_with(term.text);
      case Op::any_case_suffix:
        return any_case.ends_with(term.text);
      case Op::wildcard:
        return Wildcard(term.text).matches(text);
      case Op::address:
        return address && term.addresses.low <= *address && *address <= term.addresses.high;
      default:
        return false;
    }
  }
  if (json.is_null()) return term.op == Op::null;
  if (json.is_bool()) return term.op == (json.get_bool().value_unsafe() ? Op::yes : Op::no);
  std::string digits;
  Number number;
  if (json.type() == simdjson::dom::element_type::DOUBLE) {
    number = to_number(json.get_double().value_unsafe());
  } else if (json.type() == simdjson::dom::element_type::INT64) {
    number = to_number(json.get_int64().value_unsafe());
    digits = std::to_string(json.get_int64().value_unsafe());
  } else {
    number = to_number(json.get_uint64().value_unsafe());
    digits = std::to_string(json.get_uint64().value_unsafe());
  }
  const auto& [low, high, low_open, high_open] = term.numbers;
  if (term.op == Op::digits) return !number.exact && digits == term.text;
  if (term.op == Op::number) return number.exact && number.value == low;
  return term.op == Op::range && (low_open ? number.value > low : number.value >= low) &&
         (high_open ? number.value < high : number.value <= high);
}

class Naive {
 public:
  Naive(const Pattern& pattern, const NaiveEvent& event) : pattern_(pattern), event_(event) {}

  /// Nothing if it would take more than `steps_max` steps.
  std::optional<bool> matches(std::uint64_t steps_max) {
    steps_ = steps_max;
    for (const Combination& combination : pattern_.combinations) {
      if (search(combination, 0, {})) return true;
      if (steps_ == 0) return std::nullopt;
    }
    return false;
  }

 private:
  using Membership = NaiveEvent::Membership;

  static bool satisfies(const Alternatives& asked, simdjson::dom::element json) {
    if (asked.present) return true;
    for (const Term& term : asked.any_of)
      if (is(term, json)) return true;
    for (const auto& none_of : asked.none_of) {
      bool excluded = false;
      for (const Term& term : none_of) excluded = excluded || is(term, json);
      if (!excluded) return true;
    }
    return false;
  }

  static std::optional<Membership> joined(Membership a, const Membership& b) {
    for (const auto& [array, index] : b)
      if (!a.try_emplace(array, index).second && a[array] != index) return std::nullopt;
    return a;
  }

  bool search(const Combination& combination, std::size_t at, const Membership& so_far) {
    if (steps_ == 0) return false;
    --steps_;
    if (at == combination.size()) return true;
    const Condition& condition = pattern_.conditions[combination[at]];
    const auto& values = event_.at(condition.path);
    if (condition.alternatives.absent) {
      bool absent = true;
      for (const auto& value : values) absent = absent && !joined(so_far, value.membership);
      if (absent && search(combination, at + 1, so_far)) return true;
    }
    for (const auto& value : values) {
      const auto together = joined(so_far, value.membership);
      if (together && satisfies(condition.alternatives, value.json) &&
          search(combination, at + 1, *together))
        return true;
    }
    return false;
  }

  const Pattern& pattern_;
  const NaiveEvent& event_;
  std::uint64_t steps_ = 0;
};

}  // namespace tidemill::pattern::testing

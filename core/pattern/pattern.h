// Pattern: one event pattern in EventBridge's language, checked and taken apart. A value; what a
// PatternSet is made of.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/pattern/address.h"
#include "core/pattern/interval.h"

namespace tidemill::pattern {

/// What a Term compares a value with.
enum class Op : std::uint8_t {
  text,      ///< The string `text`.
  any_case,  ///< A string that is `text` once folded.
  prefix,    ///< A string that begins with `text`.
  any_case_prefix,
  suffix,  ///< A string that ends with `text`.
  any_case_suffix,
  wildcard,  ///< A string that the wildcard `text` matches.
  address,   ///< A string that is an IP address of the block `addresses`.
  number,    ///< The number `numbers.low`.
  digits,    ///< A number that no double is exactly, written `text`.
  range,     ///< A number within `numbers`.
  yes,       ///< true
  no,        ///< false
  null,
};

struct Term {
  Op op = Op::null;
  std::string text;
  Interval<double> numbers;
  Interval<Address> addresses;

  friend std::partial_ordering operator<=>(const Term&, const Term&) = default;
};

/// What a field's array says: a value satisfies it by any one of these.
struct Alternatives {
  std::vector<Term> any_of;                ///< The value is one of these.
  std::vector<std::vector<Term>> none_of;  ///< One per anything-but: the value is none of these.
  bool present = false;                    ///< exists: true
  bool absent = false;                     ///< exists: false

  friend std::partial_ordering operator<=>(const Alternatives&, const Alternatives&) = default;
};

/// A field and what is asked of it.
struct Condition {
  std::string path;  ///< Names of fields with points between them, as AWS joins them.
  Alternatives alternatives;
};

/// Indexes of conditions that have to hold together, in the order of their paths.
using Combination = std::vector<std::uint32_t>;

struct Pattern {
  std::vector<Condition> conditions;
  std::vector<Combination> combinations;  ///< One at least; more with $or. Any of them is enough.
};

}  // namespace tidemill::pattern

// FieldIndex: everything that any pattern asks of one field. Built once, then read by any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/affix_index.h"
#include "core/pattern/interval_index.h"
#include "core/pattern/letter_case.h"
#include "core/pattern/number.h"
#include "core/pattern/pattern.h"
#include "core/pattern/string_table.h"
#include "core/pattern/text_search.h"
#include "core/pattern/wildcard_index.h"

namespace tidemill::pattern {

/// Who is told that a value is what a term says.
using Target = std::uint32_t;

/// Room for what one value is turned into; of one thread, reused from value to value.
struct ValueBuffers {
  std::string folded;
  SearchMemory search;
};

constexpr std::uint32_t op_bit(Op op) { return 1U << static_cast<unsigned>(op); }

class FieldIndex {
 public:
  using Targets = std::map<Term, std::vector<Target>>;

  FieldIndex() = default;

  explicit FieldIndex(const Targets& targets);

  /// Calls `hit(target)` for each target of each term that the string `value` is.
  template <class Hit>
  void find_text(std::string_view value, ValueBuffers& buffers, Hit&& hit) const {
    if (has(Op::text))
      if (const std::uint32_t term = texts_.find(value); term != none) tell(Op::text, term, hit);
    if (has(Op::prefix))
      prefixes_.find(value, [&](std::uint32_t term) { tell(Op::prefix, term, hit); });
    if (has(Op::suffix))
      suffixes_.find(value, [&](std::uint32_t term) { tell(Op::suffix, term, hit); });
    if (has(Op::wildcard))
      wildcards_.find(value, buffers.search,
                      [&](std::uint32_t term) { tell(Op::wildcard, term, hit); });
    if ((ops_ & any_case_bits) != 0) find_any_case(value, buffers, hit);
    if (has(Op::address))
      if (const auto address = parse_address(value))
        addresses_.find(*address, [&](std::uint32_t term) { tell(Op::address, term, hit); });
  }

  /// The same for a number. `digits` is how it is written, and needed only if it is not exact.
  template <class Hit>
  void find_number(const Number& value, std::string_view digits, Hit&& hit) const {
    if (!value.exact) {
      if (const std::uint32_t term = digits_.find(digits); term != none)
        tell(Op::digits, term, hit);
    } else if (has(Op::number)) {
      if (const std::uint32_t term = number(value.value); term != none) tell(Op::number, term, hit);
    }
    if (has(Op::range))
      ranges_.find(value.value, [&](std::uint32_t term) { tell(Op::range, term, hit); });
  }

  /// The same for true, false and null, which are terms of their own.
  template <class Hit>
  void find_word(Op word, Hit&& hit) const {
    if (has(word)) tell(word, 0, hit);
  }

 private:
  static constexpr std::uint32_t any_case_bits =
      op_bit(Op::any_case) | op_bit(Op::any_case_prefix) | op_bit(Op::any_case_suffix);
  static constexpr std::size_t ops = static_cast<std::size_t>(Op::null) + 1;

  // What nobody asks for is not even looked at: a field has a small part of these indexes.
  bool has(Op op) const { return (ops_ & op_bit(op)) != 0; }

  std::uint32_t first(Op op) const { return first_[static_cast<std::size_t>(op)]; }

  // `term` counts among those with the same operator.
  template <class Hit>
  void tell(Op op, std::uint32_t term, Hit&& hit) const {
    const std::size_t at = first(op) + term;
    for (std::uint32_t i = begins_[at]; i < begins_[at + 1]; ++i) hit(targets_[i]);
  }

  template <class Hit>
  void find_any_case(std::string_view value, ValueBuffers& buffers, Hit&& hit) const {
    fold_case(value, buffers.folded);
    const std::string_view folded_value = buffers.folded;
    if (has(Op::any_case))
      if (const std::uint32_t term = any_case_texts_.find(folded_value); term != none)
        tell(Op::any_case, term, hit);
    if (has(Op::any_case_prefix))
      any_case_prefixes_.find(folded_value,
                              [&](std::uint32_t term) { tell(Op::any_case_prefix, term, hit); });
    if (has(Op::any_case_suffix))
      any_case_suffixes_.find(folded_value,
                              [&](std::uint32_t term) { tell(Op::any_case_suffix, term, hit); });
  }

  std::uint32_t number(double value) const;

  std::uint32_t ops_ = 0;  // a bit for each operator that some term has

  // Terms in the order of their operators, so that those of one operator follow one another.
  std::array<std::uint32_t, ops + 1> first_{};
  std::vector<std::uint32_t> begins_ = {0};  // per term, where its targets begin
  std::vector<Target> targets_;

  StringTable texts_;
  AffixIndex prefixes_;
  AffixIndex suffixes_;
  WildcardIndex wildcards_;
  StringTable any_case_texts_;
  AffixIndex any_case_prefixes_;
  AffixIndex any_case_suffixes_;
  IntervalIndex<Address> addresses_;
  std::vector<double> numbers_;  // in order
  StringTable digits_;
  IntervalIndex<double> ranges_;
};

}  // namespace tidemill::pattern

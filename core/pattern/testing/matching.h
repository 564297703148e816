// What tests of matching say in few words: a set from texts, and what it answers.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/compile.h"
#include "core/pattern/pattern_set.h"

namespace tidemill::pattern::testing {

using Indexes = std::vector<std::uint32_t>;

inline PatternSet set_of(std::initializer_list<std::string> texts) {
  std::vector<Pattern> patterns;
  for (const std::string& text : texts) {
    auto compiled = compile(text);
    EXPECT_TRUE(compiled.has_value()) << compiled.error().message;
    patterns.push_back(std::move(*compiled));
  }
  return PatternSet(patterns);
}

template <class Input>
Indexes match(const PatternSet& set, const Input& event) {
  PatternSet::Scratch scratch;
  const auto found = set.match(event, scratch);
  EXPECT_TRUE(found.has_value()) << found.error().message;
  return found ? Indexes(found->begin(), found->end()) : Indexes();
}

inline Indexes match_json(const PatternSet& set, std::string_view event) {
  return match(set, event);
}

inline bool matches(const std::string& pattern, std::string_view event) {
  return !match_json(set_of({pattern}), event).empty();
}

}  // namespace tidemill::pattern::testing

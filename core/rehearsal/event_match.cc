#include "core/rehearsal/event_match.h"

#include <boost/json.hpp>
#include <span>
#include <utility>

#include "core/pattern/compile.h"
#include "core/rehearsal/payload.h"

namespace tidemill::rehearsal {

// Where a part after a * does not fit, that * takes one character more.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0, in_pattern = 0, star = pattern.npos, taken = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
      star = in_pattern++;
      taken = at;
    } else if (in_pattern < pattern.size() && pattern[in_pattern] == text[at]) {
      ++at;
      ++in_pattern;
    } else if (star != pattern.npos) {
      in_pattern = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '*') ++in_pattern;
  return in_pattern == pattern.size();
}

EventMatch EventMatch::read(const config::Node& node, config::Problems& problems) {
  EventMatch match;
  if (node.is_scalar()) {
    match.like_ = node.text;
  } else if (node.is_mapping()) {
    const auto compiled = pattern::compile(json_of(node));
    if (!compiled) {
      problems.add(node.where, "event: " + compiled.error().message);
      return match;
    }
    match.pattern_ = std::make_shared<const pattern::PatternSet>(std::span(&*compiled, 1));
    match.scratch_ = std::make_shared<pattern::PatternSet::Scratch>();
  } else {
    problems.add(node.where,
                 "event: expected a name, in which * stands for anything, or a pattern");
  }
  return match;
}

bool EventMatch::matches(std::string_view name, const Event& event) const {
  if (pattern_ == nullptr) return is_like(name, like_);
  const auto matches = pattern_->match(event, *scratch_);
  return matches && !matches->empty();
}

}  // namespace tidemill::rehearsal

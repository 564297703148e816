// EventMatch: which events a mocked answer is for - by name, or by a pattern in EventBridge's
// language. Immutable, but one thread at a time: matching needs room of its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/pattern/pattern_set.h"
#include "tidemill/event.h"

namespace tidemill::rehearsal {

/// Does `text` match `pattern`, in which each * stands for any number of characters?
bool is_like(std::string_view text, std::string_view pattern);

class EventMatch {
 public:
  /// Matches every event.
  EventMatch() = default;

  /// A scalar is a name with *; a mapping is a pattern. What is wrong with it goes to `problems`.
  static EventMatch read(const config::Node& node, config::Problems& problems);

  bool matches_all() const { return like_ == "*" && pattern_ == nullptr; }

  /// `name` is what the case calls the event.
  bool matches(std::string_view name, const Event& event) const;

 private:
  std::string like_ = "*";
  std::shared_ptr<const pattern::PatternSet> pattern_;
  std::shared_ptr<pattern::PatternSet::Scratch> scratch_;
};

}  // namespace tidemill::rehearsal

// RuleBook: the rules of one mocked function or sink, and how often each may still be applied.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/rehearsal/case_file.h"

namespace tidemill::rehearsal {

class RuleBook {
 public:
  RuleBook() = default;
  explicit RuleBook(std::vector<Rule> rules) : rules_(std::move(rules)) {
    for (const Rule& rule : rules_) left_.push_back(rule.times);
  }

  const std::vector<Rule>& rules() const { return rules_; }

  /// One invocation, or one write. For every event that it has, which rule decides; a rule counts
  /// it once, however many of the events it decides.
  class Turn {
   public:
    explicit Turn(RuleBook& book) : book_(book) {}

    /// Null: no rule is for this event.
    const Rule* rule_for(std::string_view name, const Event& event) {
      for (std::size_t i = 0; i < book_.rules_.size(); ++i) {
        const bool spent = book_.left_[i] == 0 && !counted_.contains(i);
        if (spent || !book_.rules_[i].event.matches(name, event)) continue;
        if (counted_.insert(i).second && book_.left_[i]) --*book_.left_[i];
        return &book_.rules_[i];
      }
      return nullptr;
    }

   private:
    RuleBook& book_;
    std::set<std::size_t> counted_;
  };

 private:
  std::vector<Rule> rules_;
  std::vector<std::optional<std::uint32_t>> left_;  // One per rule; none: without end.
};

}  // namespace tidemill::rehearsal

// HeldMessages: what was received and not deleted yet - by which receipt it is, and until when it
// is hidden from all others.
//
// Pure; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tidemill/time.h"

namespace tidemill::sqs {

class HeldMessages {
 public:
  /// Numbers it, ascending.
  std::uint64_t add(std::string receipt, Instant hidden_until) {
    held_.emplace(++last_, Held{std::move(receipt), hidden_until});
    return last_;
  }

  /// Null: it is held no longer.
  const std::string* receipt(std::uint64_t number) const {
    const auto found = held_.find(number);
    return found == held_.end() ? nullptr : &found->second.receipt;
  }

  void forget(std::uint64_t number) { held_.erase(number); }

  /// What can be hidden no longer: others have it, or will. It may still be deleted.
  void lose(std::uint64_t number) {
    if (const auto found = held_.find(number); found != held_.end())
      found->second.hidden_until.reset();
  }

  void hidden(std::uint64_t number, Instant until) {
    if (const auto found = held_.find(number); found != held_.end())
      found->second.hidden_until = until;
  }

  /// When the first of them is to be seen by others; nothing where there is none.
  std::optional<Instant> first_seen() const {
    std::optional<Instant> first;
    for (const auto& [number, held] : held_)
      if (held.hidden_until && (!first || *held.hidden_until < *first)) first = held.hidden_until;
    return first;
  }

  /// Those that are to be seen at `when`.
  std::vector<std::uint64_t> seen_by(Instant when) const {
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, held] : held_)
      if (held.hidden_until && *held.hidden_until <= when) numbers.push_back(number);
    return numbers;
  }

  std::size_t size() const { return held_.size(); }

 private:
  struct Held {
    std::string receipt;
    std::optional<Instant> hidden_until;
  };

  std::map<std::uint64_t, Held> held_;
  std::uint64_t last_ = 0;
};

}  // namespace tidemill::sqs

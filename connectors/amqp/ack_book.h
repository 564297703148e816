// AckBook: which deliveries of one channel a broker still waits for, and with how few words it is
// told that some are done.
//
// Tags are counted up by the broker, from 1. Pure bookkeeping; one thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace tidemill::amqp {

class AckBook {
 public:
  /// What to tell the broker.
  struct Acks {
    std::optional<std::uint64_t> up_to;  ///< This one and all before it.
    std::vector<std::uint64_t> single;   ///< These, beyond one that is not done.
  };

  /// The next one has come; false: it is not the next.
  bool deliver(std::uint64_t tag) {
    if (tag != first_ + states_.size()) return false;
    states_.push_back(State::open);
    ++held_;
    return true;
  }

  /// It is done; take() says so. One that is not waited for is left out.
  void settle(std::uint64_t tag) {
    if (!end(tag)) return;
    news_.push_back(tag);
  }

  /// It is refused or given back, which the caller has told. False: it is not waited for.
  bool end(std::uint64_t tag) {
    if (tag < first_ || tag - first_ >= states_.size()) return false;
    State& state = states_[tag - first_];
    if (state == State::ended) return false;
    state = State::ended;
    --held_;
    return true;
  }

  /// What was settled since the last call.
  Acks take() {
    Acks acks;
    while (!states_.empty() && states_.front() == State::ended) {
      states_.pop_front();
      ++first_;
    }
    // A broker refuses to hear of a tag twice: `up_to` is one that it has not heard of.
    for (const std::uint64_t tag : std::exchange(news_, {})) {
      if (tag >= first_) {
        acks.single.push_back(tag);
      } else {
        acks.up_to = std::max(acks.up_to.value_or(0), tag);
      }
    }
    return acks;
  }

  /// So many are waited for.
  std::size_t held() const { return held_; }
  std::uint64_t last() const { return first_ + states_.size() - 1; }

 private:
  enum class State : std::uint8_t { open, ended };

  std::uint64_t first_ = 1;
  std::deque<State> states_;  // From first_ on.
  std::vector<std::uint64_t> news_;
  std::size_t held_ = 0;
};

}  // namespace tidemill::amqp

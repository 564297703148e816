// MemoryBudget: how much the events under way may hold, over all pipelines of an engine.
//
// Half of it is guaranteed, in equal shares: whatever the others do, a pipeline can use its own.
// The other half goes to whoever comes first. What is taken is never refused: a response has the
// size that it has. It only makes room() smaller, and sources deliver no more than there is room
// for. What a poll may bring is held while it is out, so that two polls never count on the same
// room. Whoever waits for room is called in turn, and only as many as there is room for: with a
// thousand pipelines a herd of them would cost more than the events.
//
// What clients of sources hold besides, of records that are no events yet, is set aside: events
// have so much less, but never less than a quarter of all.
//
// Lives on one executor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace tidemill {

class MemoryBudget {
 public:
  static constexpr std::uint64_t default_bytes = 256u << 20;

  explicit MemoryBudget(std::uint64_t bytes) : total_(bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  std::uint64_t total() const { return total_; }
  /// What events may hold of it.
  std::uint64_t bytes() const { return total_ - aside_; }

  /// What events have taken, without what is only held for polls.
  std::uint64_t used() const {
    std::uint64_t used = 0;
    for (const Share* share : shares_) used += share->used_ - share->held_;
    return used;
  }

  /// Bytes that are not for events as long as it lives. The budget outlives it.
  class Aside {
   public:
    ~Aside() {
      budget_.aside_ -= bytes_;
      budget_.recount();
    }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

   private:
    friend class MemoryBudget;

    Aside(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {
      budget_.aside_ += bytes;
      budget_.recount();
    }

    MemoryBudget& budget_;
    const std::uint64_t bytes_;
  };

  /// Null when too little would be left for events.
  static std::unique_ptr<Aside> set_aside(MemoryBudget& budget, std::uint64_t bytes) {
    if (bytes > budget.total_ || budget.aside_ + bytes > budget.total_ / 4 * 3) return nullptr;
    return std::unique_ptr<Aside>(new Aside(budget, bytes));
  }

  /// One pipeline's part of the budget. The budget outlives it.
  class Share {
   public:
    /// `room_came` is called when somebody made room that this one waits for. It takes nothing yet.
    Share(MemoryBudget& budget, std::function<void()> room_came)
        : budget_(budget), room_came_(std::move(room_came)) {
      budget_.shares_.push_back(this);
      budget_.recount();
    }
    ~Share() {
      std::erase(budget_.queue_, this);
      give(used_);
      std::erase(budget_.shares_, this);
      budget_.recount();
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    void take(std::uint64_t bytes) {
      budget_.common_used_ -= above_guarantee();
      used_ += bytes;
      budget_.common_used_ += above_guarantee();
    }

    void give(std::uint64_t bytes) {
      const std::uint64_t before = budget_.common_used_;
      budget_.common_used_ -= above_guarantee();
      used_ -= bytes;
      budget_.common_used_ += above_guarantee();
      if (budget_.common_used_ < before) budget_.call_waiting();
    }

    /// Takes what a poll that is about to wait may bring, until release(). One at a time.
    void hold(std::uint64_t bytes) {
      held_ = bytes;
      take(bytes);
    }
    void release() { give(std::exchange(held_, 0)); }

    /// What may be taken now, what is held included.
    std::uint64_t room() const { return own_room() + held_ + budget_.common_room(); }

    /// The part of it that is this share's alone, whatever the others do.
    std::uint64_t guaranteed_room() const {
      const std::uint64_t used = used_ - held_;
      return guarantee() - std::min(guarantee(), used);
    }

    /// Asks for one call of `room_came`, once what all shares have in common has grown and there
    /// may be `bytes` of room. A call may come in vain. What this share alone gives back of its own
    /// guarantee calls nobody: its owner knows.
    void await_room(std::uint64_t bytes) {
      wanted_ = bytes;
      if (!std::exchange(queued_, true)) budget_.queue_.push_back(this);
    }

    std::uint64_t used() const { return used_; }
    std::uint64_t guarantee() const { return budget_.guarantee(); }

   private:
    friend class MemoryBudget;

    std::uint64_t above_guarantee() const { return used_ - std::min(used_, budget_.guarantee()); }
    std::uint64_t own_room() const {
      const std::uint64_t guarantee = budget_.guarantee();
      return guarantee - std::min(guarantee, used_);
    }

    MemoryBudget& budget_;
    std::function<void()> room_came_;
    std::uint64_t used_ = 0;
    std::uint64_t held_ = 0;  // Part of used_.
    std::uint64_t wanted_ = 0;
    bool queued_ = false;  // Invariant: true while in the budget's queue.
  };

 private:
  std::uint64_t guarantee() const { return bytes() / 2 / std::max<std::size_t>(1, shares_.size()); }

  std::uint64_t common_room() const {
    const std::uint64_t common = bytes() - guarantee() * shares_.size();
    return common - std::min(common, common_used_);
  }

  // In the order in which they came. Nobody takes anything yet, so what each may take is counted.
  void call_waiting() {
    std::uint64_t common = common_room();
    while (!queue_.empty()) {
      Share* const share = queue_.front();
      const std::uint64_t needed = share->wanted_ - std::min(share->wanted_, share->own_room());
      if (needed > common) return;
      common -= needed;
      queue_.pop_front();
      share->queued_ = false;
      share->room_came_();
    }
  }

  // A share more or less changes every guarantee, and so do bytes that are set aside.
  void recount() {
    common_used_ = 0;
    for (const Share* share : shares_) common_used_ += share->above_guarantee();
  }

  const std::uint64_t total_;
  std::uint64_t aside_ = 0;
  std::uint64_t common_used_ = 0;  // Invariant: sum over shares of what is above the guarantee.
  std::vector<Share*> shares_;
  std::deque<Share*> queue_;  // Who waits for room, each once.
};

}  // namespace tidemill

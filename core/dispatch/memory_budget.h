// MemoryBudget: how much the events under way may hold, over all pipelines of an engine.
//
// Half of it is guaranteed, in equal shares: whatever the others do, a pipeline can use its own.
// The other half goes to whoever comes first. What is taken is never refused: a response has the
// size that it has. It only makes room() smaller, and sources deliver no more than there is room
// for.
//
// Lives on one executor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace tidemill {

class MemoryBudget {
 public:
  static constexpr std::uint64_t default_bytes = 256u << 20;

  explicit MemoryBudget(std::uint64_t bytes) : bytes_(bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  /// One pipeline's part of the budget. The budget outlives it.
  class Share {
   public:
    /// `room_came` is called when another share made room that this one may have waited for.
    Share(MemoryBudget& budget, std::function<void()> room_came)
        : budget_(budget), room_came_(std::move(room_came)) {
      budget_.shares_.push_back(this);
      budget_.recount();
    }
    ~Share() {
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
      if (budget_.common_used_ == before) return;
      for (Share* share : budget_.shares_)
        if (share != this && std::exchange(share->short_of_room_, false)) share->room_came_();
    }

    /// What may be taken now. Asking for it is what a call of `room_came` may follow.
    std::uint64_t room() {
      const std::uint64_t guarantee = budget_.guarantee();
      const std::uint64_t own = guarantee - std::min(guarantee, used_);
      const std::uint64_t common = budget_.bytes_ - guarantee * budget_.shares_.size();
      short_of_room_ = true;
      return own + (common - std::min(common, budget_.common_used_));
    }

    std::uint64_t used() const { return used_; }
    std::uint64_t guarantee() const { return budget_.guarantee(); }

   private:
    friend class MemoryBudget;

    std::uint64_t above_guarantee() const { return used_ - std::min(used_, budget_.guarantee()); }

    MemoryBudget& budget_;
    std::function<void()> room_came_;
    std::uint64_t used_ = 0;
    bool short_of_room_ = false;
  };

 private:
  std::uint64_t guarantee() const { return bytes_ / 2 / std::max<std::size_t>(1, shares_.size()); }

  // A share more or less changes every guarantee.
  void recount() {
    common_used_ = 0;
    for (const Share* share : shares_) common_used_ += share->above_guarantee();
  }

  const std::uint64_t bytes_;
  std::uint64_t common_used_ = 0;  // Invariant: sum over shares of what is above the guarantee.
  std::vector<Share*> shares_;
};

}  // namespace tidemill

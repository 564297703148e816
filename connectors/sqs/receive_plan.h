// ReceivePlan: how many messages are asked for, in how many requests at once.
//
// One that waits, as long as the queue has less than it gives at once; twice as many that do not
// wait each time that all of them come back full. What they bring is bounded by the size of the
// largest message seen lately.
//
// Pure; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tidemill::sqs {

class ReceivePlan {
 public:
  /// What one request should bring at most.
  static constexpr std::uint64_t bytes_each = 1u << 20;
  static constexpr std::uint32_t messages_each = 10;

  /// Precondition: most >= 1.
  explicit ReceivePlan(std::uint32_t most) : most_(most) {}

  /// How many each of the requests asks for; not more than `room` in all, which is at least 1.
  std::vector<std::uint32_t> ask(std::uint64_t room) {
    const auto fit = std::clamp<std::uint64_t>(
        largest_ == 0 ? messages_each : bytes_each / largest_, 1, messages_each);
    std::vector<std::uint32_t> each;
    while (each.size() < side_by_side_ && room > 0) {
      each.push_back(static_cast<std::uint32_t>(std::min(room, fit)));
      room -= each.back();
    }
    asked_ = each;
    return each;
  }

  /// How many messages each of them brought, and how large the largest was.
  void told(const std::vector<std::size_t>& brought, std::uint64_t largest) {
    largest_ = std::max(largest, largest_ - largest_ / 8);
    const bool full = std::ranges::equal(brought, asked_);
    side_by_side_ = full ? std::min(side_by_side_ * 2, most_) : 1;
  }

 private:
  const std::uint32_t most_;
  std::uint32_t side_by_side_ = 1;
  std::uint64_t largest_ = 0;
  std::vector<std::uint32_t> asked_;
};

}  // namespace tidemill::sqs

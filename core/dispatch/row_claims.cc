#include "core/dispatch/row_claims.h"

#include <algorithm>
#include <utility>

#include "core/dispatch/row_guard.h"

namespace tidemill {

bool RowClaims::claim(const void* owner, std::span<const RowRead> reads) {
  if (owner_ != nullptr && owner_ != owner) return false;
  if (owner_ == nullptr) {
    owner_ = owner;
    timer_ = scheduler_.call_at(scheduler_.now() + claim_max, [this] { release(owner_); });
  }
  for (const RowRead& read : reads) rows_.insert(RowGuard::row_of(read.table, read.key_hash));
  return true;
}

void RowClaims::release(const void* owner) {
  if (owner_ == nullptr || owner_ != owner) return;
  owner_ = nullptr;
  rows_.clear();
  scheduler_.cancel(std::exchange(timer_, Scheduler::TimerId::none));
  for (auto& resume : std::exchange(waiting_, {}))
    boost::asio::post(scheduler_.executor(), std::move(resume));
}

Task<> RowClaims::pass(const void* owner, std::span<const RowChange> rows) {
  while (holds_up(owner, rows)) {
    auto keep = [this](auto handler) {
      auto resume = [handler = std::move(handler)]() mutable { std::move(handler)(); };
      waiting_.emplace_back(std::move(resume));
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        keep, boost::asio::use_awaitable);
  }
}

bool RowClaims::holds_up(const void* owner, std::span<const RowChange> rows) const {
  if (owner_ == nullptr || owner_ == owner) return false;
  return std::ranges::any_of(rows, [this](const RowChange& row) {
    return rows_.contains(RowGuard::row_of(row.table, RowGuard::hash_of(row.key)));
  });
}

}  // namespace tidemill

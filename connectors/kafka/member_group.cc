// The part of Member that belongs to the group: partitions come, go, and are told about.
#include <chrono>
#include <cstring>
#include <utility>

#include "client_properties.h"
#include "look_up.h"
#include "member.h"

namespace tidemill::kafka {
namespace {

constexpr auto tick = std::chrono::seconds(1);
// A partition that leaves waits so long for what is under way of it. Then the next owner may see
// that again.
constexpr auto settle_within = std::chrono::seconds(5);
// Brokers put the first assignment of a group off by 3 s (group.initial.rebalance.delay.ms).
constexpr auto assigned_within = std::chrono::seconds(4);
constexpr auto leave_within = std::chrono::seconds(2);
constexpr auto look_again_after = std::chrono::milliseconds(20);
// https://github.com/confluentinc/librdkafka/issues/4312: mended in 2.3.0.
constexpr int may_leave_at_once_since = 0x020300ff;
// A group that moves partitions answers within a few seconds, unless it waits for a dead member.
constexpr auto joins_within = std::chrono::seconds(10);

std::set<std::int32_t> numbers_of(const rd_kafka_topic_partition_list_t& list) {
  std::set<std::int32_t> numbers;
  for (int i = 0; i < list.cnt; ++i) numbers.insert(list.elems[i].partition);
  return numbers;
}

}  // namespace

Task<> Member::run() {
  running_ = true;
  Instant next_tick = scheduler_.now() + tick;
  const Instant joined_by = scheduler_.now() + joins_within;
  while (!stopping_) {
    if (!rebalances_.empty()) {
      EventHandle event = std::move(rebalances_.front());
      rebalances_.pop_front();
      co_await rebalance(std::move(event));
      shared_.changed();
    } else if (!out_of_range_.empty()) {
      const std::int32_t partition = out_of_range_.extract(out_of_range_.begin()).value();
      co_await begin_again(partition);
    } else if (std::exchange(half_is_pulled_, false)) {
      co_await make_client_look();
    } else if (scheduler_.now() >= next_tick) {
      keep_alive();
      co_await commit_settled(assigned_);
      if (!assignment_known_ && scheduler_.now() >= joined_by)
        complain("the group " + shared_.config.group +
                 " has given no partitions yet; it waits for a member that does not answer until " +
                 "that one's session.timeout.ms (45 s) has passed");
      next_tick = scheduler_.now() + tick;
    } else {
      co_await wake_.wait_until(next_tick);
    }
  }
  running_ = false;
  ended_.notify();
}

Task<> Member::rebalance(EventHandle event) {
  Offsets partitions(
      rd_kafka_topic_partition_list_copy(rd_kafka_event_topic_partition_list(event.get())));
  const auto what = rd_kafka_event_error(event.get());
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    co_await take_over(std::move(partitions));
  } else if (what == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    const bool lost = rd_kafka_assignment_lost(client_->get()) != 0;
    co_await hand_back(std::move(partitions), lost);
  } else {
    complain(rd_kafka_event_error_string(event.get()));
    rd_kafka_assign(client_->get(), nullptr);
  }
}

Task<> Member::take_over(Offsets partitions) {
  const std::set<std::int32_t> numbers = numbers_of(*partitions);
  if (!numbers.empty()) partitions = co_await placed(std::move(partitions));
  if (!partitions) co_return;  // It is being left, or has failed.
  const Failure refused(rd_kafka_incremental_assign(client_->get(), partitions.get()));
  if (refused) {
    complain(rd_kafka_error_string(refused.get()));
    co_return;
  }
  std::set<std::int32_t> paused;
  for (const std::int32_t partition : numbers) {
    assigned_.insert(partition);
    if (held_back_ || shared_.book[partition].waits()) paused.insert(partition);
  }
  if (!paused.empty()) {
    const Offsets list = list_of(paused);
    rd_kafka_pause_partitions(client_->get(), list.get());
  }
  assignment_known_ = true;
}

// With the offset where each begins; none when there is nothing to do any more.
Task<Offsets> Member::placed(Offsets partitions) {
  while (!stopping_) {
    auto ask = [this, &partitions] {
      return look_up(client_, *partitions, shared_.start, shared_.services.engine_id);
    };
    auto known = co_await run_blocking(scheduler_, std::move(ask));
    std::string problem;
    if (!known) problem = known.error().message;
    for (int i = 0; known && i < partitions->cnt; ++i) {
      auto& one = partitions->elems[i];
      PartitionState& state = shared_.book[one.partition];
      Known& mine = (*known)[static_cast<std::size_t>(i)];
      mine.own = state.reached;
      const std::string name = "partition " + std::to_string(one.partition);
      if (drop_another_topics_offset(mine))
        complain(name +
                 ": the group's offset lies behind its end, so it is of another topic that " +
                 "had this name; reading begins as if there were none");
      const auto place = place_of(mine);
      if (!place) {
        fail_with({place.error().fault,
                   shared_.config.topic + ", " + name + ": " + place.error().message,
                   {}});
        co_return Offsets();
      }
      if (place->lost > 0)
        complain(name + ": " + std::to_string(place->lost) +
                 " offsets were deleted by the broker before they were read; reading goes on at " +
                 std::to_string(place->offset));
      one.offset = place->offset;
      state.reached = place->offset;
      state.committed = mine.group;
      if (!state.ends_at && shared_.services.until_idle) state.ends_at = mine.end;
      // Another engine has settled that much.
      if (mine.group && !mine.group_is_ours)
        state.settled = std::max(state.settled.value_or(0), *mine.group);
      // Else what comes before the first commit is missed after a crash.
      if (!mine.own && !mine.group) state.settled = place->offset;
    }
    if (problem.empty()) co_return partitions;
    complain(std::move(problem));
    const Instant again = scheduler_.now() + tick;
    while (!stopping_ && scheduler_.now() < again) co_await wake_.wait_until(again);
  }
  co_return Offsets();
}

Task<> Member::hand_back(Offsets partitions, bool lost) {
  const std::set<std::int32_t> numbers = numbers_of(*partitions);
  for (const std::int32_t partition : numbers) drop(partition);
  const auto in_flight = [&] {
    for (const std::int32_t partition : numbers)
      if (shared_.book[partition].in_flight()) return true;
    return false;
  };
  const Instant deadline = scheduler_.now() + settle_within;
  while (!lost && !stopping_ && in_flight() && scheduler_.now() < deadline)
    co_await wake_.wait_until(deadline);
  if (!lost) co_await commit_settled(numbers);
  const Failure refused(rd_kafka_incremental_unassign(client_->get(), partitions.get()));
  if (refused) complain(rd_kafka_error_string(refused.get()));
  assignment_known_ = false;  // What follows says what is left.
  for (const std::int32_t partition : numbers) {
    assigned_.erase(partition);
    leaving_.erase(partition);
  }
}

// The broker has deleted what would come next.
Task<> Member::begin_again(std::int32_t partition) {
  if (!assigned_.contains(partition) || leaving_.contains(partition)) co_return;
  drop(partition);
  const Offsets old = list_of({partition});
  Offsets again = list_of({partition});
  const Offsets placed_again = co_await placed(std::move(again));
  if (!placed_again || !assigned_.contains(partition) || leaving_.contains(partition)) co_return;
  const Failure removed(rd_kafka_incremental_unassign(client_->get(), old.get()));
  const Failure added(rd_kafka_incremental_assign(client_->get(), placed_again.get()));
  if (removed) complain(rd_kafka_error_string(removed.get()));
  if (added) complain(rd_kafka_error_string(added.get()));
}

Task<> Member::commit_settled(const std::set<std::int32_t>& partitions) {
  const std::string mark = commit_mark(shared_.services.engine_id, shared_.services.epoch);
  const Offsets offsets(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const std::int32_t partition : partitions) {
    const PartitionState& state = shared_.book[partition];
    if (!state.settled || state.committed == state.settled) continue;
    auto* const one =
        rd_kafka_topic_partition_list_add(offsets.get(), shared_.config.topic.c_str(), partition);
    one->offset = *state.settled;
    one->metadata = rd_kafka_mem_malloc(nullptr, mark.size());
    one->metadata_size = mark.size();
    std::memcpy(one->metadata, mark.data(), mark.size());
  }
  if (offsets->cnt == 0) co_return;
  auto tell = [this, &offsets] { return commit(client_, *offsets); };
  const Result<> told = co_await run_blocking(scheduler_, std::move(tell));
  if (!told) {
    complain(told.error().message);  // The next tick tries again.
    co_return;
  }
  for (int i = 0; i < offsets->cnt; ++i)
    shared_.book[offsets->elems[i].partition].committed = offsets->elems[i].offset;
}

Task<> Member::make_client_look() {
  pulled_ = pulled_bytes_ = 0;
  if (rd_kafka_version() >= knows_queue_backoff_since || assigned_.empty()) co_return;
  auto ask = [this, partitions = list_of(assigned_)] { return ask_leaders(client_, *partitions); };
  std::ignore = co_await run_blocking(scheduler_, std::move(ask));
}

// Older libraries abort when a client ends whose group has taken it in and given it nothing yet.
// Once it is leaving, no group takes it in any more.
Task<bool> Member::may_end() {
  if (rd_kafka_version() >= may_leave_at_once_since) co_return true;
  const Instant deadline = scheduler_.now() + assigned_within;
  auto ask = [client = client_] { return client->is_member(); };
  while (co_await run_blocking(scheduler_, ask)) {
    if (assignment_known_) co_return true;
    if (!running_ || failure_ || scheduler_.now() >= deadline) co_return was_assigned_;
    keep_alive();
    co_await sleep_until(scheduler_, scheduler_.now() + look_again_after);
  }
  co_return true;
}

Task<> Member::leave() {
  const bool may_end_now = co_await may_end();
  stopping_ = true;
  wake_.notify();
  while (running_) co_await ended_.wait();
  if (queue_) {
    const Failure refused(rd_kafka_consumer_close_queue(client_->get(), queue_.get()));
    const Instant deadline = scheduler_.now() + leave_within;
    while (!refused && rd_kafka_consumer_closed(client_->get()) == 0 &&
           scheduler_.now() < deadline) {
      while (pull().event) {
      }
      while (!rebalances_.empty()) {
        EventHandle event = std::move(rebalances_.front());
        rebalances_.pop_front();
        co_await rebalance(std::move(event));
      }
      const Instant again = scheduler_.now() + look_again_after;
      co_await wake_.wait_until(again);
    }
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
    queue_.reset();
  }
  aside_.clear();
  parked_.clear();
  rebalances_.clear();
  if (!may_end_now && !was_assigned_) {
    keep_for_good(std::move(client_));
    co_return;
  }
  auto end = [client = std::move(client_)]() mutable {
    let_go(std::move(client));
    return true;
  };
  std::ignore = co_await run_blocking(scheduler_, std::move(end));
}

}  // namespace tidemill::kafka

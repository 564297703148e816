#include "core/streams/embedded_queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/mutation.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill {
namespace {

constexpr std::size_t page_records = 512;
constexpr std::uint64_t page_bytes = 512u << 10;

// Entries that are read again, one by one, in one visit to the store.
constexpr std::size_t due_records = 128;

constexpr Partition only{0};

constexpr std::string_view receives_attribute = "receives";

// Keeps the number of an entry's receives beside its page.
struct Received {
  std::shared_ptr<const void> page;
  std::string receives;
  std::vector<Attribute> extensions;
};

}  // namespace

EmbeddedQueue::EmbeddedQueue(std::string place, StreamInfo info, Store& store, Executor disk,
                             StreamState state)
    : EmbeddedStream(std::move(place), info),
      store_(store),
      disk_(std::move(disk)),
      read_up_to_(state.first - 1),
      front_(state.first) {
  grow(state.records, state.bytes);
}

void EmbeddedQueue::join(Consumer& consumer) {
  consumers_.push_back(&consumer);
  subscribe_reader(consumer.wake);
}

void EmbeddedQueue::leave_out(Consumer& consumer, WallTime now) {
  if (std::erase(consumers_, &consumer) == 0) return;
  unsubscribe_reader(consumer.wake);
  std::vector<Slot> back;
  for (const auto& [number, out] : out_)
    if (out.consumer == &consumer) back.push_back(out.slot);
  std::ranges::sort(back, {}, &Slot::number);
  for (Slot& slot : back) {
    out_.erase(slot.number);
    slot.visible_at = WallTime(now.value + static_cast<std::uint64_t>(consumer.visibility.count()));
    if (slot.group == 0) {
      delay(slot);
    } else {
      --groups_[slot.group].out;
      park(slot, true, now);
    }
  }
  consumer.out = 0;
  wake_readers();
}

void EmbeddedQueue::news() {
  unread_ = true;
  wake_readers();
}

EmbeddedQueue::Slot EmbeddedQueue::slot_of(const StreamRecord& record) const {
  Slot slot{.number = record.number,
            .bytes = stream_bytes(record),
            .group = 0,
            .visible_at = record.deliver_at};
  // Two groups with one hash would keep an order between them that nobody asked for, no more.
  if (!record.group.empty() && !mutated(Mutation::forget_groups))
    slot.group = std::max<std::uint64_t>(1, XXH3_64bits(record.group.data(), record.group.size()));
  return slot;
}

EmbeddedQueue::Handed EmbeddedQueue::hand_out(Consumer& consumer, const Credit& credit,
                                              WallTime now, std::vector<Event>& out) {
  release_due(now);
  std::uint64_t taken = 0;
  std::uint64_t bytes = 0;
  while (!ready_.empty()) {
    const std::uint64_t next_bytes = ready_.front().record.data.size();
    if (!credit.allows(next_bytes, taken, bytes)) return taken > 0 ? Handed::some : Handed::no_room;
    Ready ready = std::move(ready_.front());
    ready_.pop_front();
    if (!hand(ready, consumer, now)) continue;
    out.push_back(make_event(ready));
    ++taken;
    bytes += next_bytes;
  }
  return taken > 0 ? Handed::some : Handed::none;
}

// False: it cannot be handed out now, and is kept as a slot.
bool EmbeddedQueue::hand(Ready& ready, Consumer& consumer, WallTime now) {
  Slot& slot = ready.slot;
  if (slot.group != 0) {
    Group& group = groups_[slot.group];
    const bool first = group.parked.empty() || group.parked.front().number > slot.number;
    const bool mine = group.out == 0 || (consumer.keyed && group.owner == &consumer);
    const bool none_between = ready.released || group.ahead == group.out;
    if (!first || !mine || !none_between || slot.visible_at > now) {
      park(slot, ready.released, now);
      return false;
    }
    if (!ready.released) ++group.ahead;
    ++group.out;
    group.owner = &consumer;
    if (alone_in_order() && group.ahead == group.out) release(group, now);
  } else if (slot.visible_at > now) {
    delay(slot);
    return false;
  }
  ++slot.receives;
  ++consumer.out;
  out_.emplace(slot.number, Out{&consumer, slot});
  return true;
}

Event EmbeddedQueue::make_event(const Ready& ready) const {
  Event event = event_of(ready.record, ready.keep, only, place());
  if (ready.slot.receives == 1) return event;
  auto received =
      std::make_shared<Received>(Received{ready.keep, std::to_string(ready.slot.receives), {}});
  received->extensions.assign(event.extensions.begin(), event.extensions.end());
  received->extensions.push_back({receives_attribute, received->receives});
  event.extensions = received->extensions;
  const std::string_view data = event.data.view();
  event.data = Bytes(data, std::move(received));
  return event;
}

void EmbeddedQueue::delay(Slot slot) {
  ++held_;
  delayed_.emplace(slot.visible_at, slot);
}

// Into the order of its group, behind whatever is released.
void EmbeddedQueue::park(Slot slot, bool released, WallTime now) {
  Group& group = groups_[slot.group];
  if (released) --group.ahead;
  const auto place = std::ranges::lower_bound(group.parked, slot.number, {}, &Slot::number);
  group.parked.insert(place, slot);
  ++held_;
  if (group.ahead == 0) release(group, now);
}

bool EmbeddedQueue::alone_in_order() const {
  return consumers_.size() == 1 && consumers_.front()->keyed;
}

// What stands first goes; for a lone consumer that keeps the order itself, all that is visible.
void EmbeddedQueue::release(Group& group, WallTime now) {
  const bool all = alone_in_order();
  while (!group.parked.empty()) {
    const Slot slot = group.parked.front();
    group.parked.pop_front();
    --held_;
    ++group.ahead;
    if (slot.visible_at > now) return delay(slot);
    due_.push_back(slot);
    if (!all) return;
  }
}

void EmbeddedQueue::release_due(WallTime now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    due_.push_back(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    --held_;
  }
}

std::optional<WallTime> EmbeddedQueue::next_due() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.begin()->first;
}

Task<Result<>> EmbeddedQueue::read() {
  reading_ = true;
  Result<> outcome;
  if (!due_.empty()) {
    std::vector<Slot> slots;
    while (!due_.empty() && slots.size() < due_records) {
      slots.push_back(due_.front());
      due_.pop_front();
    }
    auto look = [this, &slots]() -> Result<std::vector<StreamPage>> {
      std::vector<StreamPage> pages;
      for (const Slot& slot : slots) {
        auto page = store_.read_stream(id(), only, slot.number - 1, 1, 1);
        if (!page) return std::unexpected(page.error());
        if (page->records.empty() || page->records.front().number != slot.number)
          return fail(Fault::transient,
                      "record " + std::to_string(slot.number) + " is missing from the store");
        pages.push_back(std::move(*page));
      }
      return pages;
    };
    auto pages = co_await run_on(disk_, std::move(look));
    if (pages) {
      for (std::size_t i = 0; i < slots.size(); ++i)
        ready_.push_back(
            {slots[i], (*pages)[i].records.front(), (*pages)[i].keep, slots[i].group != 0});
    } else {
      due_.insert(due_.begin(), slots.begin(), slots.end());
      outcome = std::unexpected(pages.error());
    }
  } else {
    unread_ = false;
    auto look = [this] {
      return store_.read_stream(id(), only, read_up_to_, page_records, page_bytes);
    };
    auto page = co_await run_on(disk_, std::move(look));
    if (page) {
      take_page(std::move(*page));
    } else {
      unread_ = true;
      outcome = std::unexpected(page.error());
    }
  }
  reading_ = false;
  wake_readers();
  co_return outcome;
}

void EmbeddedQueue::take_page(StreamPage page) {
  if (page.records.empty()) return;
  unread_ = true;
  const auto keep = kept(std::move(page.keep));
  for (const StreamRecord& record : page.records) {
    // What is missing in between has left.
    for (++read_up_to_; read_up_to_ < record.number; ++read_up_to_) gone_.push_back(true);
    gone_.push_back(false);
    ready_.push_back({slot_of(record), record, keep});
  }
}

void EmbeddedQueue::leave(std::span<const Settled> settled, CommitPart& part, WallTime now) {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  bool released = false;
  const std::uint64_t front = front_;
  for (const Settled& one : settled) {
    const auto found = out_.find(one.offset.value);
    if (found == out_.end()) continue;
    const Slot slot = found->second.slot;
    --found->second.consumer->out;
    out_.erase(found);
    if (!mutated(Mutation::keep_taken_entry))
      part.removed.push_back({id(), only, slot.number, slot.bytes});
    ++records;
    bytes += slot.bytes;
    gone(slot.number);
    if (slot.group == 0) continue;
    Group& group = groups_[slot.group];
    --group.out;
    --group.ahead;
    released = released || !group.parked.empty();
    if (group.ahead == 0) release(group, now);
    forget(slot.group);
  }
  if (front_ != front)
    part.trimmed.push_back({id(), only, front_ + (mutated(Mutation::trim_too_far) ? 1u : 0u), {}});
  shrink(records, bytes);
  if (released || drained()) wake_readers();
}

void EmbeddedQueue::forget(std::uint64_t group) {
  const auto found = groups_.find(group);
  if (found->second.ahead == 0 && found->second.parked.empty()) groups_.erase(found);
}

void EmbeddedQueue::gone(std::uint64_t number) {
  gone_[number - front_] = true;
  while (!gone_.empty() && gone_.front()) {
    gone_.pop_front();
    ++front_;
  }
}

}  // namespace tidemill

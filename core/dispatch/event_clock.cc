#include "core/dispatch/event_clock.h"

#include <algorithm>
#include <cassert>

#include "core/base/mutation.h"

namespace tidemill {

void EventClock::see(Offset offset, EventTime time, bool pending) {
  Seen seen{.offset = offset,
            .time = time,
            .latest_before = latest_,
            .is = pending ? Is::pending : Is::settled};
  if (time.value != 0) {
    seen.late = windowing_.late(time, latest_) ? 1 : 0;
    seen.dropped = windowing_.dropped(time, latest_) ? 1 : 0;
    latest_ = std::max(latest_, time);
  }
  seen_.push_back(seen);
  if (seen_.size() >= join_at_) join_neighbours();
}

EventTime EventClock::latest_settled() const {
  return mutated(Mutation::close_too_early) ? latest_ : settled_.latest;
}

std::size_t EventClock::place_of(Offset offset) const {
  const auto found = std::ranges::lower_bound(seen_, offset, {}, &Seen::offset);
  return static_cast<std::size_t>(found - seen_.begin());
}

EventClock::Sight EventClock::sight(Offset offset) const {
  const std::size_t next = looked_at_ + 1;
  const bool follows = next < seen_.size() && seen_[next].offset == offset;
  looked_at_ = follows ? next : place_of(offset);
  const Seen& seen = seen_[looked_at_];
  assert(seen.offset == offset && seen.is == Is::pending);
  const bool settled = mutated(Mutation::judge_by_what_settled);
  return {seen.time, settled ? settled_.latest : seen.latest_before};
}

void EventClock::settle(OffsetRange range) { mark(range, Is::settled); }

void EventClock::skip(OffsetRange range) { mark(range, Is::skipped); }

void EventClock::mark(OffsetRange range, Is is) {
  for (std::size_t i = place_of(range.begin); i < seen_.size() && seen_[i].offset < range.end; ++i)
    seen_[i].is = is;
}

void EventClock::move_to(Offset next) {
  std::size_t left = 0;
  while (!seen_.empty() && seen_.front().offset < next) {
    fold(seen_.front());
    seen_.pop_front();
    ++left;
  }
  looked_at_ -= std::min(looked_at_, left);
}

void EventClock::fold(const Seen& seen) {
  settled_.latest = std::max(settled_.latest, seen.time);
  settled_.late += seen.late;
  settled_.dropped += seen.dropped;
}

// `next` never stands between neighbours that have settled, nor in front of one with skipped ones
// before it; so one entry is enough for them. It may stand between a settled one and skipped ones.
void EventClock::join_neighbours() {
  std::size_t kept = 0;
  for (std::size_t i = 1; i < seen_.size(); ++i) {
    Seen& last = seen_[kept];
    const Seen& next = seen_[i];
    const bool pending = last.is == Is::pending || next.is == Is::pending;
    if (pending || (last.is == Is::settled && next.is == Is::skipped)) {
      seen_[++kept] = next;
      continue;
    }
    last.is = next.is;
    last.time = std::max(last.time, next.time);
    last.late += next.late;
    last.dropped += next.dropped;
  }
  seen_.resize(kept + 1);
  looked_at_ = 0;
  join_at_ = std::max<std::size_t>(4096, 2 * seen_.size());
}

}  // namespace tidemill

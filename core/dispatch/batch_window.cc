#include "core/dispatch/batch_window.h"

#include <cassert>
#include <utility>

#include "core/base/mutation.h"

namespace tidemill {

BatchWindow::BatchWindow(BatchLimits limits) : limits_(limits) { assert(limits_.events >= 1); }

void BatchWindow::add(Event&& event, Instant now, std::vector<Events>& ready) {
  const std::uint64_t bytes = event.bytes();
  if (!open_.empty() && open_bytes_ + bytes > limits_.bytes.value) ready.push_back(flush());
  if (open_.empty()) {
    // Age counts from the first event, so a trickle cannot hold it longer than the window.
    deadline_ = now + limits_.window;
    open_.reserve(last_size_);
  }
  open_bytes_ += bytes;
  open_.push_back(std::move(event));
  if (full()) ready.push_back(flush());
}

void BatchWindow::add_all(Events& events, Instant now, std::vector<Events>& ready) {
  if (whole_batch(events)) {
    ready.push_back(std::exchange(events, {}));
    return;
  }
  for (Event& event : events) add(std::move(event), now, ready);
  events.clear();
}

std::optional<BatchWindow::Events> BatchWindow::expire(Instant now) {
  if (!deadline_ || now < *deadline_) return std::nullopt;
  return flush();
}

BatchWindow::Events BatchWindow::flush() {
  deadline_.reset();
  open_bytes_ = 0;
  last_size_ = open_.size();
  return std::exchange(open_, {});
}

bool BatchWindow::full() const {
  return open_.size() >= events_max() || open_bytes_ >= limits_.bytes.value;
}

// Not where the vector has much more room than it needs: no credit covers that.
bool BatchWindow::whole_batch(const Events& events) const {
  if (!open_.empty() || events.size() != events_max()) return false;
  if (events.capacity() > 2 * events.size()) return false;
  std::uint64_t bytes = 0;
  for (const Event& event : events) bytes += event.bytes();
  return bytes < limits_.bytes.value;
}

std::size_t BatchWindow::events_max() const {
  return limits_.events + (mutated(Mutation::batch_one_too_many) ? 1 : 0);
}

}  // namespace tidemill

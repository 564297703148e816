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
  }
  open_bytes_ += bytes;
  open_.push_back(std::move(event));
  if (full()) ready.push_back(flush());
}

std::optional<BatchWindow::Events> BatchWindow::expire(Instant now) {
  if (!deadline_ || now < *deadline_) return std::nullopt;
  return flush();
}

BatchWindow::Events BatchWindow::flush() {
  deadline_.reset();
  open_bytes_ = 0;
  return std::exchange(open_, {});
}

bool BatchWindow::full() const {
  const std::size_t one_more = mutated(Mutation::batch_one_too_many) ? 1 : 0;
  return open_.size() >= limits_.events + one_more || open_bytes_ >= limits_.bytes.value;
}

}  // namespace tidemill

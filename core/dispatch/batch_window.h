// BatchWindow: groups events into batches by count, bytes and age, whichever comes first.
//
// Does no I/O and reads no clock: time comes in as an argument, and the caller comes back at
// deadline(). An event is never split and never dropped: one larger than the limit travels alone.
//
// Thread safety: none. One window belongs to one lane of one pipeline.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/config/plan.h"
#include "tidemill/event.h"
#include "tidemill/time.h"

namespace tidemill {

class BatchWindow {
 public:
  using Events = std::vector<Event>;

  /// Precondition: limits.events >= 1.
  explicit BatchWindow(BatchLimits limits);

  /// Adds one event, and appends to `ready` each batch that this closes (up to two: one that the
  /// event did not fit into, and one that it filled).
  void add(Event&& event, Instant now, std::vector<Events>& ready);

  /// The same for many, in their order. Those that are one whole batch by themselves are handed on
  /// in the vector in which they came; else it is left for the next ones.
  void add_all(Events& events, Instant now, std::vector<Events>& ready);

  /// The open batch, once its window has passed.
  [[nodiscard]] std::optional<Events> expire(Instant now);

  /// The open batch, whatever its age; empty when there is none.
  [[nodiscard]] Events flush();

  /// When expire() will next return a batch; empty while nothing is waiting.
  std::optional<Instant> deadline() const { return deadline_; }

  bool empty() const { return open_.empty(); }

 private:
  bool full() const;
  bool whole_batch(const Events& events) const;
  std::size_t events_max() const;

  BatchLimits limits_;
  Events open_;
  std::size_t last_size_ = 0;        // Of the batch before: as much room is made for the next.
  std::uint64_t open_bytes_ = 0;     // Invariant: sum of Event::bytes() in open_.
  std::optional<Instant> deadline_;  // Invariant: set exactly while open_ is not empty.
};

}  // namespace tidemill

#include "bench/overhead/load.h"

#include <algorithm>

namespace tidemill::bench {
namespace {

constexpr std::size_t events_made = 4096;
constexpr std::size_t event_bytes = 100;
constexpr std::size_t key_bytes = 16;

}  // namespace

std::vector<Event> small_events() {
  const auto arena = std::make_shared<const std::string>(events_made * event_bytes, 'x');
  std::vector<Event> events(events_made);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::string_view data = std::string_view(*arena).substr(i * event_bytes, event_bytes);
    events[i].source = "kafka://broker/clicks";
    events[i].type = "record";
    events[i].content_type = "application/json";
    events[i].time = EventTime(1'700'000'000'000'000'000);
    events[i].key = data.substr(0, key_bytes);
    events[i].data = Bytes(data, arena);
  }
  return events;
}

PollEnd ReadySource::hand_over(Credit credit, std::vector<Event>& out) {
  std::uint64_t bytes = 0;
  for (std::uint64_t taken = 0; next_ < count_; ++taken) {
    const Event& event = events_[next_ % events_.size()];
    if (!credit.allows(event.bytes(), taken, bytes)) return PollEnd::more;
    bytes += event.bytes();
    Event& handed = out.emplace_back(event);
    handed.offset = Offset(next_);
    handed.offset_next = Offset(++next_);
  }
  return PollEnd::exhausted;
}

}  // namespace tidemill::bench

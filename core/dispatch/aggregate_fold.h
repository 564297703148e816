// AggregateFold: the rows that a batch changes at one `aggregate:` sink, each folded to one change
// before the store sees it. Pure.
#pragma once

#include <boost/container/deque.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/dispatch/aggregation.h"
#include "core/dispatch/event_clock.h"
#include "core/state/aggregate.h"
#include "core/state/store.h"

namespace tidemill {

class AggregateFold {
 public:
  /// `aggregation` outlives it.
  AggregateFold(TableId table, const Aggregation& aggregation)
      : table_(table), aggregation_(aggregation) {}

  /// Adds what the event with index `event` in its batch adds, to every window that still takes it.
  void add(std::uint32_t event, const EventClock::Sight& sight, Contribution contribution);

  /// Appends the changes, which refer to this.
  void append_rows(std::vector<RowChange>& rows) const;

 private:
  struct Row {
    std::string_view key;
    std::optional<state::Aggregate::Window> window;
    std::uint32_t event = 0;
    EventTime time;
    state::Aggregate aggregate;
  };
  struct Place {
    std::string_view key;
    std::uint64_t start = 0;
    friend bool operator==(const Place&, const Place&) = default;
  };
  struct PlaceHash {
    using is_avalanching = void;
    std::size_t operator()(const Place& place) const noexcept;
  };

  void add_to(const Place& place, std::optional<state::Aggregate::Window> window,
              std::uint32_t event, EventTime time, const Contribution& contribution);

  TableId table_;
  const Aggregation& aggregation_;
  boost::container::deque<std::string> keys_;  // Of the rows.
  boost::container::deque<Row> rows_;
  boost::unordered_flat_map<Place, Row*, PlaceHash> by_place_;
};

}  // namespace tidemill

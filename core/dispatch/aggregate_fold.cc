#include "core/dispatch/aggregate_fold.h"

#include <algorithm>

#include "core/base/mutation.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill {

std::size_t AggregateFold::PlaceHash::operator()(const Place& place) const noexcept {
  return XXH3_64bits_withSeed(place.key.data(), place.key.size(), place.start);
}

void AggregateFold::add(std::uint32_t event, const EventClock::Sight& sight,
                        Contribution contribution) {
  if (!aggregation_.windowing)
    return add_to({contribution.key}, std::nullopt, event, sight.time, contribution);
  const Windowing& windowing = *aggregation_.windowing;
  windowing.each(sight.time, [&](EventTime start, EventTime end) {
    if (windowing.closed(end, sight.latest_before) && !mutated(Mutation::count_the_late)) return;
    add_to({contribution.key, start.value}, state::Aggregate::Window{start, end}, event, sight.time,
           contribution);
  });
}

void AggregateFold::add_to(const Place& place, std::optional<state::Aggregate::Window> window,
                           std::uint32_t event, EventTime time, const Contribution& contribution) {
  auto found = by_place_.find(place);
  if (found == by_place_.end()) {
    const std::string& key = keys_.emplace_back(place.key);
    Row& row = rows_.emplace_back();
    row.key = key;
    row.window = window;
    row.aggregate.window = window;
    row.aggregate.shows_count = aggregation_.count;
    found = by_place_.emplace(Place{key, place.start}, &row).first;
  }
  Row& row = *found->second;
  row.event = event;
  row.time = std::max(row.time, time);
  row.aggregate.add(contribution.sum, contribution.min, contribution.max, contribution.avg);
}

void AggregateFold::append_rows(std::vector<RowChange>& rows) const {
  for (const Row& row : rows_) {
    RowChange change{.table = table_,
                     .kind = EffectKind::merge_row,
                     .event = row.event,
                     .time = row.time,
                     .key = row.key,
                     .aggregate = &row.aggregate};
    if (row.window)
      change.window = RowWindow{.start = row.window->start,
                                .end = row.window->end,
                                .announced = aggregation_.on_close,
                                .removed = aggregation_.retention.has_value()};
    rows.push_back(change);
  }
}

}  // namespace tidemill

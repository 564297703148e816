#include "core/dispatch/aggregation.h"

#include <tuple>
#include <utility>

#include "core/dispatch/row_key.h"
#include "core/expression/scalar_reader.h"

namespace tidemill {
namespace {

using expression::Expression;
using expression::ScalarReader;

template <class T>
std::unexpected<Error> about(std::string_view option, const Result<T>& failed) {
  return fail(failed.error().fault, std::string(option) + ": " + failed.error().message);
}

bool looks_at_event(const std::optional<Expression>& expression) {
  return expression && expression->reads_event();
}

// $event, put together only where somebody looks at it.
std::optional<SeenEvent> seen_if(bool wanted, const Event& event) {
  if (!wanted) return std::nullopt;
  return std::optional<SeenEvent>(std::in_place, event);
}

Result<> read_number(ScalarReader& reader, const std::optional<Expression>& expression,
                     std::string_view option, std::optional<JsonNumber>& number) {
  if (!expression) return {};
  const auto read = reader.number(*expression);
  if (!read) return about(option, read);
  number = *read;
  return {};
}

}  // namespace

Result<EventTime> time_of(const Aggregation& aggregation, const Event& event) {
  if (!aggregation.time) {
    if (event.time.value == 0) return fail(Fault::bad_event, "time: the event has none of its own");
    return event.time;
  }
  const auto seen = seen_if(aggregation.time->reads_event(), event);
  const expression::EventView view = seen ? seen->view() : expression::EventView{};
  const auto time = ScalarReader(event.data.view(), view).time(*aggregation.time);
  if (!time) return about("time", time);
  // It stands for "unknown" everywhere.
  if (time->value == 0) return fail(Fault::bad_event, "time: is the very beginning of 1970");
  return *time;
}

Result<Contribution> contribution_of(const Aggregation& aggregation, const Event& event,
                                     std::string_view data) {
  const bool wanted = looks_at_event(aggregation.key) || looks_at_event(aggregation.sum) ||
                      looks_at_event(aggregation.min) || looks_at_event(aggregation.max) ||
                      looks_at_event(aggregation.avg);
  const auto seen = seen_if(wanted, event);
  const expression::EventView view = seen ? seen->view() : expression::EventView{};
  ScalarReader reader(data, view);
  Contribution contribution;
  if (aggregation.key) {
    auto key = reader.key(*aggregation.key);
    if (!key) return about("key", key);
    contribution.key = std::move(*key);
  }
  for (const auto& [option, expression, number] :
       {std::tuple("sum", &aggregation.sum, &contribution.sum),
        std::tuple("min", &aggregation.min, &contribution.min),
        std::tuple("max", &aggregation.max, &contribution.max),
        std::tuple("avg", &aggregation.avg, &contribution.avg)})
    if (auto read = read_number(reader, *expression, option, *number); !read)
      return std::unexpected(std::move(read.error()));
  return contribution;
}

}  // namespace tidemill

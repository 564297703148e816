#include "rows/walk.h"

#include <algorithm>
#include <boost/json.hpp>

namespace tidemill::rows {
namespace {

namespace json = boost::json;

constexpr std::uint32_t page_rows = 1000;

std::uint64_t number_at(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(name);
  if (found == nullptr) return 0;
  boost::system::error_code error;
  const auto number = found->to_number<std::uint64_t>(error);
  return error ? 0 : number;
}

}  // namespace

Place place_of(const EventView& event) {
  Place place{.started = event.time_us()};
  boost::system::error_code error;
  const json::value data = json::parse(event.data(), error);
  if (error || !data.is_object()) return place;
  const json::value* const walk = data.get_object().if_contains("walk");
  if (walk == nullptr || !walk->is_object()) return place;
  const json::object& object = walk->get_object();
  if (const json::value* const after = object.if_contains("after"); after && after->is_string())
    place.after = std::string(after->get_string());
  place.part = number_at(object, "part");
  place.started = number_at(object, "started");
  place.done = number_at(object, "done");
  return place;
}

std::string place_text(const Place& place) {
  return json::serialize(json::object{{"walk",
                                       {{"after", place.after},
                                        {"part", place.part},
                                        {"started", place.started},
                                        {"done", place.done}}}});
}

Result<bool> walk(const Context& context, std::string_view table, std::string_view prefix,
                  std::uint64_t rows_max, Place& place,
                  const std::function<bool(const Table::Row& row)>& visit) {
  std::uint64_t left = rows_max;
  while (left > 0 && !context.expired()) {
    const auto page = context.table(table).scan(
        {.prefix = prefix,
         .after = place.after,
         .rows_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, page_rows)),
         .loose = true});
    if (!page) return std::unexpected(page.error());
    for (const Table::Row& row : page->rows) {
      if (!visit(row)) return false;
      place.after = row.key;
      --left;
    }
    if (!page->more) return true;
  }
  return false;
}

}  // namespace tidemill::rows

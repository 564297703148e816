#include "bench/aggregate/bare_loop.h"

#include <simdjson.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <fstream>
#include <string_view>

#include "bench/measure/child_process.h"
#include "core/base/timestamp.h"
#include "core/state/rocks_store.h"

namespace tidemill::bench {
namespace {

constexpr std::uint64_t window = 10'000'000;

struct Counts {
  std::uint64_t events = 0;
  std::uint64_t millis = 0;
};

// The number behind `name` in a row's body.
std::uint64_t field(std::string_view body, std::string_view name) {
  const std::size_t at = body.find(name);
  require(at != std::string_view::npos, "a row lacks a column");
  return std::stoull(std::string(body.substr(at + name.size())));
}

}  // namespace

Totals count_clicks(const std::string& path) {
  boost::unordered_flat_map<std::string, Counts> rows;
  simdjson::ondemand::parser parser;
  std::ifstream file(path, std::ios::binary);
  std::string line, place;
  while (std::getline(file, line)) {
    line.reserve(line.size() + simdjson::SIMDJSON_PADDING);
    simdjson::ondemand::document json;
    std::string_view page, ts;
    std::uint64_t millis = 0;
    require(!parser.iterate(line.data(), line.size(), line.capacity()).get(json) &&
                !json["ts"].get(ts) && !json["page"].get(page) && !json["millis"].get(millis),
            "a line is no click");
    const auto time = parse_timestamp(ts);
    require(time.has_value(), "a click has no time");
    place.assign(page).append("@").append(std::to_string(time->value / window));
    Counts& counts = rows[place];
    ++counts.events;
    counts.millis += millis;
  }
  Totals totals{.rows = rows.size()};
  for (const auto& [key, counts] : rows) {
    totals.events += counts.events;
    totals.millis += counts.millis;
  }
  return totals;
}

Totals totals_of(const std::string& data) {
  auto store = RocksStore::open(data, {.missing = state::IfMissing::fail});
  require(store.has_value(), "the engine left no store");
  const auto table = (*store)->find_table("views");
  require(table.has_value(), "the engine left no table");
  Totals totals;
  const auto read =
      (*store)->each_row(*table, "", WallTime(1), [&](std::string_view, const Row& row) {
        ++totals.rows;
        totals.events += field(row.body, "\"count\":");
        totals.millis += field(row.body, "\"sum\":");
        return true;
      });
  require(read.has_value(), "the table cannot be read");
  return totals;
}

}  // namespace tidemill::bench

#include "app/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <limits>
#include <string_view>
#include <utility>

#include "app/figures.h"
#include "app/text_table.h"
#include "core/observe/printable.h"

namespace tidemill::app {
namespace {

namespace json = boost::json;

constexpr std::string_view bold = "\x1b[1m", reverse = "\x1b[7m", red = "\x1b[31m",
                           yellow = "\x1b[33m", dim = "\x1b[2m", plain = "\x1b[0m";

std::string styled(std::string_view style, std::string text) {
  return std::string(style).append(text).append(plain);
}

std::string duration_or_dash(const std::optional<std::uint64_t>& micros) {
  return micros ? short_duration(Duration(static_cast<std::int64_t>(*micros))) : "-";
}

std::string number_or_dash(const std::optional<std::uint64_t>& number) {
  return number ? short_number(static_cast<double>(*number)) : "-";
}

std::string text_of(double rate) { return rate > 0 ? short_number(rate) : "0"; }

TextTable table_of(const std::vector<PipelineRates>& rates) {
  using Align = TextTable::Align;
  TextTable table({{"PIPELINE", Align::left, 9},
                   {"STATE", Align::left, 8},
                   {"EVENTS/s", Align::right, 9},
                   {"BYTES/s", Align::right, 4},
                   {"BATCHES/s", Align::right, 2},
                   {"CALL p50", Align::right, 1},
                   {"CALL p99", Align::right, 5},
                   {"SETTLED p50", Align::right, 1},
                   {"SETTLED p99", Align::right, 6},
                   {"LAG", Align::right, 8},
                   {"FLIGHT", Align::right, 3},
                   {"RETRIES/s", Align::right, 5},
                   {"ERRORS/s", Align::right, 7},
                   {"DEAD", Align::right, 8}});
  for (const PipelineRates& r : rates)
    table.add({printable(r.name, Place::terminal), r.state, text_of(r.events), short_bytes(r.bytes),
               text_of(r.batches), duration_or_dash(r.invoked_p50), duration_or_dash(r.invoked_p99),
               duration_or_dash(r.settled_p50), duration_or_dash(r.settled_p99),
               number_or_dash(r.lag), short_number(static_cast<double>(r.in_flight)),
               text_of(r.retries), text_of(r.errors), short_number(static_cast<double>(r.dead))});
  return table;
}

std::string engine_line(const EngineSnapshot& engine, const std::vector<PipelineRates>& rates) {
  double events = 0;
  for (const PipelineRates& r : rates) events += r.events;
  return fmt::format("tidemill {}  up {}  {} events/s  memory {} of {}  {}", engine.version,
                     short_duration(engine.uptime), text_of(events),
                     short_bytes(static_cast<double>(engine.memory_used)),
                     short_bytes(static_cast<double>(engine.memory_bytes)), engine.data_folder);
}

// Why not all is well, in a line each.
std::vector<std::string> complaints(const EngineSnapshot& engine,
                                    const std::vector<PipelineRates>& rates) {
  std::vector<std::string> lines;
  if (!engine.store_trouble.empty())
    lines.push_back("the state cannot be written: " + engine.store_trouble);
  for (const auto& [function, why] : engine.unhealthy) lines.push_back(why);
  for (const PipelineRates& r : rates)
    if (!r.error.empty() && engine.store_trouble.empty()) lines.push_back(r.name + ": " + r.error);
  return lines;
}

std::string_view style_of(const PipelineRates& rates) {
  if (rates.state == "failed") return red;
  if (!rates.error.empty() || rates.state == "opening") return yellow;
  return rates.state == "ended" ? dim : std::string_view();
}

// The keys, the letter that stands for each in front.
std::string keys_line(SortBy by, std::size_t columns) {
  using Key = std::pair<std::string_view, SortBy>;
  constexpr std::array<Key, 5> keys = {{{"e events", SortBy::events},
                                        {"l latency", SortBy::latency},
                                        {"g lag", SortBy::lag},
                                        {"r errors", SortBy::errors},
                                        {"n name", SortBy::name}}};
  std::string text = "q quit   sort:";
  for (const auto& [key, sort] : keys)
    text += sort == by ? fmt::format("  [{}]", key) : fmt::format("  {}", key);
  return cut(text, columns);
}

json::value or_null(const std::optional<std::uint64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

}  // namespace

std::vector<std::string> top_lines(const EngineSnapshot& engine,
                                   const std::vector<PipelineRates>& rates, const TopPage& page) {
  const auto style = [&](std::string_view with, std::string text) {
    return page.on_screen && !with.empty() ? styled(with, std::move(text)) : text;
  };
  const auto told = [&](const std::string& text) {
    return cut(printable(text, Place::terminal), page.columns);
  };
  std::vector<std::string> lines{style(bold, told(engine_line(engine, rates)))};
  if (!page.trouble.empty()) lines.push_back(style(red, told(page.trouble)));
  lines.emplace_back();
  auto table = table_of(rates).lines(page.columns);
  if (page.on_screen) table[0].resize(std::max(table[0].size(), page.columns), ' ');
  lines.push_back(style(reverse, table[0]));

  // Complaints may take up to half of what is left, the keys the last line.
  const std::size_t bottom = page.on_screen ? 1 : 0;
  const std::size_t left = page.rows - std::min(page.rows, lines.size() + bottom);
  const auto why = complaints(engine, rates);
  const std::size_t told_rows = std::min(why.empty() ? 0 : why.size() + 1, left / 2);
  const std::size_t room = std::max<std::size_t>(1, left - told_rows);
  const std::size_t shown = rates.size() <= room ? rates.size() : room - 1;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(style(style_of(rates[i]), table[i + 1]));
  if (shown < rates.size())
    lines.push_back(style(dim, told(fmt::format("… and {} more", rates.size() - shown))));
  if (told_rows > 1) lines.emplace_back();
  for (std::size_t i = 0; i + 1 < told_rows; ++i) lines.push_back(style(yellow, told(why[i])));
  if (!page.on_screen) return lines;
  lines.resize(std::max(page.rows, std::size_t{1}) - 1);
  lines.push_back(style(dim, keys_line(page.sort, page.columns)));
  return lines;
}

std::string top_json(const EngineSnapshot& engine, const std::vector<PipelineRates>& rates) {
  json::array pipelines;
  for (const PipelineRates& r : rates)
    pipelines.push_back(json::object{{"name", r.name},
                                     {"state", r.state},
                                     {"error", r.error},
                                     {"events_per_second", r.events},
                                     {"bytes_per_second", r.bytes},
                                     {"batches_per_second", r.batches},
                                     {"invoked_p50_us", or_null(r.invoked_p50)},
                                     {"invoked_p99_us", or_null(r.invoked_p99)},
                                     {"settled_p50_us", or_null(r.settled_p50)},
                                     {"settled_p99_us", or_null(r.settled_p99)},
                                     {"lag", or_null(r.lag)},
                                     {"in_flight", r.in_flight},
                                     {"retries_per_second", r.retries},
                                     {"errors_per_second", r.errors},
                                     {"dead_letters", r.dead}});
  return json::serialize(json::object{{"uptime_us", engine.uptime.count()},
                                      {"memory_used", engine.memory_used},
                                      {"store_trouble", engine.store_trouble},
                                      {"pipelines", std::move(pipelines)}});
}

}  // namespace tidemill::app

// report: the rows of a table as a mail - the largest first, in columns, with their sum.
//
// Any event starts it, a schedule's most often. README.md shows a pipeline.
#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rows/field.h"
#include "rows/walk.h"
#include "text_columns.h"
#include "tidemill/function.h"

namespace tidemill::report {
namespace {

namespace json = boost::json;

constexpr std::uint32_t mail = 0;  // Index into Report::info().outputs.

constexpr std::uint64_t rows_max = 1'000'000;

double number_of(const json::value* value) {
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const double number = value->to_number<double>(error);
  return error ? 0 : number;
}

// What is shown of a row, and what it is sorted by.
struct Line {
  double weight = 0;
  std::string key;
  std::vector<std::string> cells;
};

bool heavier(const Line& a, const Line& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.key < b.key;
}

}  // namespace

class Report {
 public:
  struct Config {
    std::string table;
    std::string prefix;
    std::string title;
    std::vector<std::string> columns;
    std::string by;
    std::uint32_t top = 20;
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Reports a table in a mail.")
        .field("table", &Config::table, "The table to read.", Need::required)
        .field("prefix", &Config::prefix, "Only rows whose key begins so.")
        .field("title", &Config::title, "Its subject, before the day; default: the table's name.")
        .field("columns", &Config::columns,
               "Fields of the rows to show beside their keys, such as stats.views; default: the "
               "whole row.")
        .field("by", &Config::by,
               "The field whose number sorts the rows, the largest first, and is added up; none: "
               "by key.")
        .field("top", &Config::top, "How many rows are shown.", in_range(1, 1000));
  }

  static FunctionInfo info() {
    return {.name = "report",
            .summary = "Makes a mail of a table: its largest rows, and their sum.",
            .outputs = {{"mail", OutputKind::messages,
                         "{\"subject\", \"text\", \"rows\", \"total\"}, for a sink of mail."}},
            .flags = TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Report(Config config) : config_(std::move(config)) {
    if (config_.title.empty()) config_.title = config_.table;
  }

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    for (const EventView event : batch)
      if (auto made = write(event, context, response); !made)
        response.fail_event(event, made.error());
    return response;
  }

 private:
  Result<> write(const EventView& event, const Context& context, Response& response) const {
    rows::Place place{.started = event.time_us()};
    std::vector<Line> lines;
    double total = 0;
    const auto add = [&](const Table::Row& row) {
      lines.push_back(line_of(row));
      total += lines.back().weight;
      ++place.done;
      // Of millions of rows only those are held that may be shown.
      if (lines.size() >= 2 * config_.top) keep_top(lines);
      return true;
    };
    const auto done = rows::walk(context, config_.table, config_.prefix, rows_max, place, add);
    if (!done) return std::unexpected(done.error());
    if (!*done)
      return fail(Fault::bad_event,
                  "table " + config_.table + " is too large to be reported in the function's time");
    keep_top(lines);
    const std::string subject = config_.title + ", " + rows::day_of(place.started);
    response.publish(event, mail, subject,
                     json::serialize(json::object{{"subject", subject},
                                                  {"text", text_of(lines, place.done, total)},
                                                  {"rows", place.done},
                                                  {"total", shortest(total)}}));
    return {};
  }

  Line line_of(const Table::Row& row) const {
    boost::system::error_code error;
    json::value value = json::parse(row.value, error);
    if (error) value = json::string(row.value);
    Line line{.key = std::string(row.key)};
    if (!config_.by.empty()) line.weight = number_of(rows::field(value, config_.by));
    line.cells.push_back(line.key);
    for (const std::string& column : config_.columns)
      line.cells.push_back(rows::shown(rows::field(value, column)));
    if (config_.columns.empty()) line.cells.push_back(rows::shown(&value));
    return line;
  }

  void keep_top(std::vector<Line>& lines) const {
    std::ranges::sort(lines, heavier);
    if (lines.size() > config_.top) lines.resize(config_.top);
  }

  std::string text_of(const std::vector<Line>& lines, std::uint64_t rows, double total) const {
    std::vector<std::vector<std::string>> cells;
    auto& head = cells.emplace_back(std::vector<std::string>{"key"});
    head.insert(head.end(), config_.columns.begin(), config_.columns.end());
    if (config_.columns.empty()) head.emplace_back("row");
    for (const Line& line : lines) cells.push_back(line.cells);
    std::string text = in_columns(cells);
    if (rows > lines.size())
      text += "... and " + std::to_string(rows - lines.size()) + " more rows\n";
    text += "\n" + std::to_string(rows) + (rows == 1 ? " row" : " rows");
    if (!config_.by.empty()) text += ", " + config_.by + " " + json::serialize(shortest(total));
    return text + "\n";
  }

  // A sum of whole numbers as one.
  static json::value shortest(double number) {
    const auto whole = static_cast<std::int64_t>(number);
    if (static_cast<double>(whole) == number) return whole;
    return number;
  }

  Config config_;
};

}  // namespace tidemill::report

TIDEMILL_FUNCTION(tidemill::report::Report)

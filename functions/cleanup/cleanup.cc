// cleanup: removes rows that are old, and the objects that belong to them.
//
// Any event starts it, a schedule's most often; what is old is told by that event's time. README.md
// shows a pipeline.
#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "rows/field.h"
#include "rows/walk.h"
#include "tidemill/function.h"

namespace tidemill::cleanup {
namespace {

namespace json = boost::json;

// Indices into Cleanup::info().outputs.
constexpr std::uint32_t old_rows = 0;
constexpr std::uint32_t objects = 1;
constexpr std::uint32_t next = 2;

}  // namespace

class Cleanup {
 public:
  struct Config {
    std::string table;
    std::string prefix;
    std::string time = "created_at";
    std::chrono::microseconds older_than{0};
    std::string object;
    std::uint32_t rows_max = 50'000;
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Removes rows that are old, and their objects.")
        .field("table", &Config::table, "The table that the sink of `rows` writes.", Need::required)
        .field("prefix", &Config::prefix, "Only rows whose key begins so.")
        .field("time", &Config::time,
               "The field that says when a row was made: RFC 3339, or a number since 1970.")
        .field("older_than", &Config::older_than, "Rows of that age go.", Need::required)
        .field("object", &Config::object,
               "The field that holds the key of the row's object, which goes with it; none: rows "
               "alone.")
        .field("rows_max", &Config::rows_max,
               "Rows that one invocation looks at; the rest is for the next one.",
               in_range(1, 1e6));
  }

  static FunctionInfo info() {
    return {.name = "cleanup",
            .summary = "Removes rows that are old, and the objects that belong to them.",
            .outputs = {{"rows", OutputKind::rows, "The rows that go."},
                        {"objects", OutputKind::objects, "The objects that go with them.", true},
                        {"next", OutputKind::messages,
                         "Where to go on, for a queue that this function reads as well.", true}},
            .flags = TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Cleanup(Config config) : config_(std::move(config)) {}

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    for (const EventView event : batch)
      if (auto cleaned = clean(event, context, response); !cleaned)
        response.fail_event(event, cleaned.error());
    return response;
  }

 private:
  Result<> clean(const EventView& event, const Context& context, Response& response) const {
    rows::Place place = rows::place_of(event);
    const auto age = static_cast<std::uint64_t>(config_.older_than.count());
    const std::uint64_t before = place.started > age ? place.started - age : 0;
    Result<> outcome;
    const auto remove = [&](const Table::Row& row) {
      if (!is_old(row.value, before)) return true;
      outcome = remove_row(event, context, row.key, before, response);
      if (outcome) ++place.done;
      return outcome.has_value();
    };
    const auto done =
        rows::walk(context, config_.table, config_.prefix, config_.rows_max, place, remove);
    if (!outcome) return outcome;
    if (!done) return std::unexpected(done.error());
    ++place.part;
    if (!*done) response.publish(event, next, "", rows::place_text(place));
    if (*done)
      context.log(TIDEMILL_LOG_INFO,
                  "removed " + std::to_string(place.done) + " rows of table " + config_.table);
    return {};
  }

  bool is_old(std::string_view value, std::uint64_t before) const {
    boost::system::error_code error;
    const json::value row = json::parse(value, error);
    if (error) return false;
    const auto time = rows::time_of(rows::field(row, config_.time));
    return time && *time < before;
  }

  // Looked at once more, so that a row which is made anew meanwhile stays.
  Result<> remove_row(const EventView& event, const Context& context, std::string_view key,
                      std::uint64_t before, Response& response) const {
    const auto row = context.table(config_.table).get(key);
    if (!row) return std::unexpected(row.error());
    if (!*row || !is_old(**row, before)) return {};
    if (!config_.object.empty()) {
      const std::string object = rows::shown(rows::field(json::parse(**row), config_.object));
      if (!object.empty()) response.delete_object(event, objects, object);
    }
    response.delete_row(event, old_rows, key);
    return {};
  }

  const Config config_;
};

}  // namespace tidemill::cleanup

TIDEMILL_FUNCTION(tidemill::cleanup::Cleanup)

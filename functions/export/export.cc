// export: the rows of a table as objects of a bucket, NDJSON with one row on a line.
//
// Any event starts it, a schedule's most often; a large table is worked off in several invocations,
// an object each. README.md shows a pipeline.
#include <boost/json.hpp>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "rows/field.h"
#include "rows/walk.h"
#include "tidemill/function.h"

namespace tidemill::exporting {
namespace {

namespace json = boost::json;

// Indices into Export::info().outputs.
constexpr std::uint32_t objects = 0;
constexpr std::uint32_t next = 1;

// {"key":...,"value":...}; a value that is no JSON is a text.
void append_line(std::string& out, const Table::Row& row) {
  boost::system::error_code error;
  json::value value = json::parse(row.value, error);
  if (error) value = json::string(row.value);
  out += json::serialize(json::object{{"key", row.key}, {"value", std::move(value)}});
  out += '\n';
}

}  // namespace

class Export {
 public:
  struct Config {
    std::string table;
    std::string prefix;
    std::string name;
    std::uint32_t rows_max = 50'000;
    ByteSize bytes_max{std::uint64_t{32} << 20};
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Writes the rows of a table into objects.")
        .field("table", &Config::table, "The table to read.", Need::required)
        .field("prefix", &Config::prefix, "Only rows whose key begins so.")
        .field("name", &Config::name,
               "What its objects are called: NAME/DAY/part-00001.ndjson; default: the table.")
        .field("rows_max", &Config::rows_max, "Rows of one object, at most.", in_range(1, 1e6))
        .field("bytes_max", &Config::bytes_max, "An object that has so many bytes is full.",
               in_range(1, 1e9));
  }

  static FunctionInfo info() {
    return {.name = "export",
            .summary = "Writes the rows of a table into a bucket, as NDJSON.",
            .outputs = {{"objects", OutputKind::objects, "Parts of the table, in order."},
                        {"next", OutputKind::messages,
                         "Where to go on, for a queue that this function reads as well."}},
            .flags = TIDEMILL_THREAD_SAFE | TIDEMILL_DETERMINISTIC};
  }

  explicit Export(Config config) : config_(std::move(config)) {
    if (config_.name.empty()) config_.name = config_.table;
  }

  Response handle(const Batch& batch, Context& context) const {
    Response response(context);
    for (const EventView event : batch)
      if (auto written = write_part(event, context, response); !written)
        response.fail_event(event, written.error());
    return response;
  }

 private:
  Result<> write_part(const EventView& event, const Context& context, Response& response) const {
    rows::Place place = rows::place_of(event);
    std::string part;
    const auto add = [&](const Table::Row& row) {
      if (part.size() >= config_.bytes_max.value) return false;
      append_line(part, row);
      ++place.done;
      return true;
    };
    const auto done =
        rows::walk(context, config_.table, config_.prefix, config_.rows_max, place, add);
    if (!done) return std::unexpected(done.error());
    ++place.part;
    // An empty table is one empty object: who looks for today's finds it.
    if (!part.empty() || place.part == 1)
      response.put_object(event, objects, key_of(place), part,
                          {.content_type = "application/x-ndjson"});
    if (!*done) response.publish(event, next, "", rows::place_text(place));
    if (*done)
      context.log(TIDEMILL_LOG_INFO,
                  "exported " + std::to_string(place.done) + " rows of table " + config_.table);
    return {};
  }

  std::string key_of(const rows::Place& place) const {
    char part[32];
    std::snprintf(part, sizeof part, "/part-%05llu.ndjson",
                  static_cast<unsigned long long>(place.part));
    return config_.name + "/" + rows::day_of(place.started) + part;
  }

  Config config_;
};

}  // namespace tidemill::exporting

TIDEMILL_FUNCTION(tidemill::exporting::Export)

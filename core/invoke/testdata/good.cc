// A function that does what its events say, written as any plugin is. The first word of an event's
// data is the order, the rest its argument.
#include "tidemill/function.h"

#include <charconv>
#include <string>

namespace {

using namespace tidemill;

enum class Mood { calm, loud };

class Good {
 public:
  struct Config {
    std::string prefix = "row/";
    std::uint32_t width = 200;
    std::vector<std::string> tags;
    Mood mood = Mood::calm;
  };

  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Obeys its events.")
        .field("prefix", &Config::prefix, "Put before every key.")
        .field("width", &Config::width, "A number, in pixels.", in_range(1, 4096))
        .field("tags", &Config::tags, "Words.")
        .choice("mood", &Config::mood, "How to log.", {{"calm", Mood::calm}, {"loud", Mood::loud}})
        .check("prefix must not be 'forbidden'",
               [](const Config& c) { return c.prefix != "forbidden"; });
  }

  static FunctionInfo info() {
    return {.name = "good",
            .summary = "Obeys its events.",
            .outputs = {{"rows", OutputKind::rows, "Rows."},
                        {"files", OutputKind::objects, "Objects."},
                        {"notes", OutputKind::messages, "Messages."}},
            .flags = TIDEMILL_DETERMINISTIC};
  }

  explicit Good(Config config) : config_(std::move(config)) {}

  Response handle(const Batch& batch, Context& context) {
    Response response(context);
    if (batch[0].data() == "backwards") {
      for (std::size_t i = batch.size(); i-- > 0;) {
        response.put_row(batch[i], 0, "first", "");
        response.put_row(batch[i], 0, "second", "");
      }
      return response;
    }
    for (const EventView event : batch) obey(event, context, response);
    return response;
  }

 private:
  void obey(const EventView& event, Context& context, Response& response) {
    const std::string_view data = event.data();
    const auto space = std::min(data.find(' '), data.size());
    const auto order = data.substr(0, space);
    const auto argument = data.substr(std::min(space + 1, data.size()));
    const auto key = config_.prefix + std::string(event.key());
    if (order == "row") {
      response.put_row(event, 0, key, argument);
    } else if (order == "whole") {
      response.put_row(event, 0, event.id(), event.data());
    } else if (order == "all") {
      response.delete_row(event, 0, key);
      response.merge_row(event, 0, key, MergeKind::max, 7);
      const std::pair<std::string, std::string> metadata[] = {{"width", "200"}, {"by", "good"}};
      response.put_object(event, 1, key, argument, {"text/plain", metadata});
      response.delete_object(event, 1, "old");
      response.publish(event, 2, key, argument);
    } else if (order == "fail") {
      response.put_row(event, 0, key, "must not be seen");
      response.fail_event(event, argument == "bad" ? Fault::bad_event : Fault::transient, argument);
      response.fail_event(event, Fault::transient, "a second reason");
    } else if (order == "fail_batch") {
      response.fail_batch(Fault::bad_event, argument);
    } else if (order == "object") {
      const auto object = event.read_object(1000);
      if (!object) return response.fail_event(event, object.error());
      response.put_row(event, 0, key, *object);
      event.release_object();
    } else if (order == "table") {
      const auto row = context.table("users").get(argument);
      if (!row) return response.fail_event(event, row.error());
      response.put_row(event, 0, key, row->value_or("nobody"));
    } else if (order == "scan") {
      const auto page = context.table("users").scan({.prefix = argument, .rows_max = 2});
      if (!page) return response.fail_event(event, page.error());
      std::string found;
      for (const auto& row : page->rows)
        found.append(row.key).append("=").append(row.value).append(" ");
      response.put_row(event, 0, key, found + (page->more ? "and more" : "all"));
    } else if (order == "reply") {
      const std::pair<std::string, std::string> headers[] = {{"Location", "/users/1"}};
      response.reply(event, argument == "badly" ? 99 : 201, argument, "text/plain", headers);
    } else if (order == "extension") {
      response.put_row(event, 0, key, event.extension(argument));
    } else if (order == "about") {
      context.log(TIDEMILL_LOG_WARNING, "asked about itself");
      response.put_row(event, 0, context.request_id(),
                       std::to_string(context.attempt()) + " " + std::to_string(context.seed()) +
                           " " + std::to_string(context.timeout_us()) + " " +
                           std::string(context.function_version()));
    } else if (order == "fill") {
      std::size_t bytes = 0;
      std::from_chars(argument.data(), argument.data() + argument.size(), bytes);
      response.put_row(event, 0, key, std::string(bytes, 'x'));
    } else if (order == "linger") {
      std::uint64_t steps = 0;
      while (!context.expired()) ++steps;
      response.fail_event(event, Fault::transient, "gave up after " + std::to_string(steps));
    } else if (order == "config") {
      std::string shown = std::to_string(config_.width) + (config_.mood == Mood::loud ? "!" : ".");
      for (const auto& tag : config_.tags) shown += " " + tag;
      response.put_row(event, 0, key, shown);
    }
  }

  Config config_;
};

}  // namespace

TIDEMILL_FUNCTION(Good)

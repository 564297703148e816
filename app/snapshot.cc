#include "app/snapshot.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <exception>

namespace tidemill::app {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

std::uint64_t number(const json::object& object, std::string_view name) {
  return object.at(name).to_number<std::uint64_t>();
}

Buckets buckets(const json::object& object, std::string_view name) {
  Buckets buckets;
  const json::value* const found = object.if_contains(name);
  if (found == nullptr) return buckets;
  for (const json::value& bucket : found->as_array()) {
    const json::array& pair = bucket.as_array();
    buckets.emplace_back(pair.at(0).to_number<std::uint64_t>(),
                         pair.at(1).to_number<std::uint64_t>());
  }
  return buckets;
}

PipelineSnapshot pipeline_of(const json::object& object) {
  PipelineSnapshot pipeline{
      .name = text(object, "name"),
      .state = text(object, "state"),
      .error = text(object, "error"),
      .events = number(object, "events"),
      .bytes = number(object, "bytes"),
      .batches = number(object, "batches"),
      .retried = number(object, "retried"),
      .filtered = number(object, "filtered"),
      .duplicates = number(object, "duplicates"),
      .failed_invocations = number(object, "failed_invocations"),
      .dead = number(object, "dead_lettered") + number(object, "dead_effects"),
      .in_flight = number(object, "in_flight"),
      .lag = {},
      .invoked = buckets(object, "invoked_us"),
      .settled = buckets(object, "settled_us")};
  if (!object.at("lag").is_null()) pipeline.lag = number(object, "lag");
  return pipeline;
}

EngineSnapshot engine_of(const json::object& object) {
  const json::object& memory = object.at("memory").as_object();
  EngineSnapshot engine{.version = text(object, "version"),
                        .data_folder = text(object, "data_folder"),
                        .store_trouble = text(object, "store_trouble"),
                        .started = text(object, "started"),
                        .uptime = Duration(object.at("uptime_us").to_number<std::int64_t>()),
                        .memory_bytes = number(memory, "budget"),
                        .memory_used = number(memory, "used"),
                        .lost_threads = number(object, "lost_threads"),
                        .unhealthy = {},
                        .pipelines = {}};
  for (const auto& [function, why] : object.at("unhealthy_functions").as_object())
    engine.unhealthy.emplace_back(function, why.as_string());
  return engine;
}

}  // namespace

bool EngineSnapshot::well() const {
  return store_trouble.empty() && unhealthy.empty() &&
         std::ranges::all_of(pipelines, &PipelineSnapshot::well);
}

Result<EngineSnapshot> parse_snapshot(std::string_view text) {
  std::string wrong;
  try {
    const json::value all = json::parse(text);
    EngineSnapshot engine = engine_of(all.as_object().at("engine").as_object());
    for (const json::value& pipeline : all.as_object().at("pipelines").as_array())
      engine.pipelines.push_back(pipeline_of(pipeline.as_object()));
    return engine;
  } catch (const std::exception& exception) {
    wrong = exception.what();
  }
  return fail(Fault::transient,
              "the engine's status cannot be read (is it another version?): " + wrong);
}

}  // namespace tidemill::app

#include "app/live_api.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "app/tap_stream.h"
#include "core/base/json_line.h"
#include "core/dispatch/pipeline_totals.h"

namespace tidemill::app {
namespace {

namespace json = boost::json;

// Whoever does not read has no part in the end.
constexpr Duration farewell_max = std::chrono::seconds(1);
constexpr Duration farewell_look = std::chrono::milliseconds(10);

std::string_view name_of(LineState state) {
  switch (state) {
    case LineState::opening:
      return "opening";
    case LineState::running:
      return "running";
    case LineState::ended:
      return "ended";
    case LineState::failed:
      return "failed";
  }
  return "unknown";
}

json::array buckets_of(const Latencies& latencies) {
  json::array buckets;
  latencies.each([&](std::uint64_t micros, std::uint64_t count) {
    buckets.push_back(json::array{micros, count});
  });
  return buckets;
}

json::array archives_of(const PipelineStatus& pipeline) {
  json::array all;
  for (const ArchiveStatus& a : pipeline.archives)
    all.push_back({{"sink", a.sink},
                   {"staged_events", a.staged_events},
                   {"staged_bytes", a.staged_bytes},
                   {"objects", a.objects},
                   {"object_bytes", a.object_bytes},
                   {"failures", a.failures},
                   {"trouble", a.trouble}});
  return all;
}

json::object object_of(const PipelineStatus& pipeline, bool with_latencies) {
  const PipelineStats& s = pipeline.stats;
  json::object object = {{"name", pipeline.name},
                         {"state", name_of(pipeline.state)},
                         {"error", pipeline.error},
                         {"function", pipeline.function}};
  for (const auto& [name, value] : pipeline_totals) object[name] = s.*value;
  object["failed_invocations"] = s.failed_invocations;
  object["bytes"] = s.bytes;
  object["in_flight"] = s.in_flight_events;
  object["lag"] = nullptr;
  if (pipeline.lag) object["lag"] = *pipeline.lag;
  if (!pipeline.archives.empty()) object["archives"] = archives_of(pipeline);
  if (with_latencies) {
    object["invoked_us"] = buckets_of(s.invoked);
    object["settled_us"] = buckets_of(s.settled);
  }
  return object;
}

json::object object_of(const EngineStatus& engine) {
  json::object unhealthy;
  for (const auto& [function, why] : engine.unhealthy) unhealthy[function] = why;
  return {{"version", TIDEMILL_VERSION},
          {"memory", {{"budget", engine.memory_bytes}, {"used", engine.memory_used}}},
          {"store_trouble", engine.store_trouble},
          {"lost_threads", engine.lost_threads},
          {"unhealthy_functions", std::move(unhealthy)}};
}

}  // namespace

LiveApi::LiveApi(Scheduler& scheduler, Engine& engine, std::string data_folder)
    : scheduler_(scheduler),
      engine_(engine),
      data_folder_(std::move(data_folder)),
      started_(scheduler.now()),
      started_wall_(scheduler.wall()) {}

void LiveApi::add_routes(Router& router) {
  for (const char* const path : {"/api/v1/pipelines", "/api/v1/pipelines/{name}"})
    router.add_immediate("GET", path,
                         [this](const HttpRequest& request) { return pipelines(request); });
  router.add_immediate("GET", "/api/v1/status",
                       [this](const HttpRequest& request) { return status(request); });
  router.add_immediate("GET", "/api/v1/tap/{name}",
                       [this](const HttpRequest& request) { return tap(request); });
}

HttpResponse LiveApi::pipelines(const HttpRequest& request) const {
  const auto wanted = request.params.find("name");
  std::string lines;
  for (const PipelineStatus& pipeline : engine_.status())
    if (wanted == request.params.end() || wanted->second == pipeline.name)
      lines += json::serialize(object_of(pipeline, false)) + "\n";
  if (lines.empty()) return text_response(404, "there is no such pipeline\n");
  HttpResponse response = text_response(200, std::move(lines));
  response.content_type = "application/x-ndjson";
  return response;
}

Task<> LiveApi::close() {
  engine_.taps().close();
  const Instant until = scheduler_.now() + farewell_max;
  while (streams_ > 0 && scheduler_.now() < until)
    co_await sleep_until(scheduler_, scheduler_.now() + farewell_look);
}

// 404 for what is not there, 400 for what was asked wrongly, 429 for too many.
HttpResponse LiveApi::tap(const HttpRequest& request) {
  auto options = tap_options(request);
  if (!options) return text_response(400, options.error().message + "\n");
  auto tap = engine_.taps().open(request.params.at("name"), std::move(*options));
  if (!tap)
    return text_response(tap.error().fault == Fault::bad_config ? 404 : 429,
                         tap.error().message + "\n");
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.stream = std::make_unique<TapStream>(scheduler_, std::move(*tap), streams_);
  return response;
}

HttpResponse LiveApi::status(const HttpRequest& request) const {
  const auto uptime = std::chrono::duration_cast<Duration>(scheduler_.now() - started_);
  json::object engine = object_of(engine_.state());
  engine["data_folder"] = data_folder_;
  engine["started"] = rfc3339(started_wall_.value);
  engine["uptime_us"] = uptime.count();
  json::array pipelines;
  for (const PipelineStatus& pipeline : engine_.status())
    pipelines.push_back(object_of(pipeline, request.query.contains("latencies")));
  const json::object all = {{"engine", std::move(engine)}, {"pipelines", std::move(pipelines)}};
  return json_response(json::serialize(all) + "\n");
}

}  // namespace tidemill::app

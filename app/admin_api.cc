#include "app/admin_api.h"

#include <functional>
#include <memory>
#include <utility>

#include "app/replay_stream.h"
#include "core/admin/health_routes.h"
#include "core/letters/letters.h"

namespace tidemill::app {
namespace {

constexpr std::uint64_t page_rows = 1000;

StateQuestion question_of(const HttpRequest& request, std::string path) {
  return {request.method, std::move(path), request.query};
}

HttpResponse refused(const Error& error) {
  return text_response(error.fault == Fault::bad_config ? 404 : 503, error.message + "\n");
}

HttpResponse lines_response(std::string body) {
  HttpResponse response = text_response(200, std::move(body));
  response.content_type = "application/x-ndjson";
  return response;
}

// Rows of a table, a page at a time; each page begins behind the last key of the one before.
class RowStream final : public BodyStream {
 public:
  RowStream(Scheduler& scheduler, RocksStore& store, std::string table, inspect::Form form,
            inspect::ScanOptions options)
      : scheduler_(scheduler),
        store_(store),
        table_(std::move(table)),
        form_(form),
        options_(std::move(options)) {}

  Task<std::optional<std::string>> next() override {
    if (options_.limit == 0) co_return std::nullopt;
    inspect::ScanOptions page = options_;
    page.limit = std::min(page_rows, options_.limit);
    std::string text;
    auto read = [&] {
      return inspect::table_scan(store_, table_, page, scheduler_.wall(), form_,
                                 [&](std::string_view line) {
                                   text.append(line).push_back('\n');
                                   return true;
                                 });
    };
    const Result<inspect::ScanEnd> end = co_await run_blocking(scheduler_, std::move(read));
    if (!end || end->rows == 0) co_return std::nullopt;
    options_.after = end->last_key;
    options_.limit = end->rows < page.limit ? 0 : options_.limit - end->rows;
    co_return std::optional(std::move(text));
  }

 private:
  Scheduler& scheduler_;
  RocksStore& store_;
  std::string table_;
  inspect::Form form_;
  inspect::ScanOptions options_;
};

}  // namespace

AdminApi::AdminApi(Scheduler& scheduler, Engine& engine, Metrics& metrics, std::string data_folder)
    : scheduler_(scheduler),
      engine_(engine),
      metrics_(metrics),
      live_(scheduler, engine, std::move(data_folder)) {
  add_routes();
}

void AdminApi::add_routes() {
  add_health_routes(router_, {.alive = []() -> Result<> { return {}; },
                              .ready = [this]() -> Result<> {
                                if (!engine_.ready())
                                  return fail(Fault::transient, "not every pipeline is open");
                                return {};
                              },
                              .metrics = [this] { return metrics_text(); }});
  live_.add_routes(router_);
  const HttpHandler state = std::bind_front(&AdminApi::state, this);
  router_.add("GET", "/api/v1/tables", state);
  router_.add("GET", "/api/v1/tables/{name}", std::bind_front(&AdminApi::rows, this));
  router_.add("GET", "/api/v1/streams", state);
  router_.add("GET", "/api/v1/progress/{name}", state);
  router_.add("DELETE", "/api/v1/progress/{name}", state);
  router_.add("GET", "/api/v1/dead-letters", state);
  router_.add("DELETE", "/api/v1/dead-letters", state);
  router_.add("POST", "/api/v1/dead-letters/replay", std::bind_front(&AdminApi::replay, this));
  router_.add("GET", "/api/v1/dead-letters/{name}", state);
}

std::string AdminApi::metrics_text() {
  for (const PipelineStatus& p : engine_.status()) {
    const PipelineStats& s = p.stats;
    metrics_.pipeline(p.name).update({.events = s.events,
                                      .batches = s.batches,
                                      .invocations = s.invocations,
                                      .committed = s.committed,
                                      .retried = s.retried,
                                      .filtered = s.filtered,
                                      .duplicates = s.duplicates,
                                      .dead_lettered = s.dead_lettered,
                                      .dead_effects = s.dead_effects,
                                      .late = s.late,
                                      .late_dropped = s.late_dropped,
                                      .in_flight_events = s.in_flight_events,
                                      .in_flight_bytes = s.in_flight_bytes});
    if (p.lag) metrics_.source_lag(p.name, *p.lag);
    for (const ArchiveStatus& a : p.archives)
      metrics_.archive(p.name, a.sink,
                       {.objects = a.objects,
                        .object_bytes = a.object_bytes,
                        .failures = a.failures,
                        .staged_events = a.staged_events,
                        .staged_bytes = a.staged_bytes});
  }
  metrics_.lost(engine_.lost_threads(), engine_.lost_bytes());
  return metrics_.text();
}

// Progress of a pipeline that runs is what its ledger counts on: it is never reset under it.
Task<HttpResponse> AdminApi::state(HttpRequest& request) {
  const bool progress = request.path.starts_with("/api/v1/progress/");
  if (progress && request.method == "DELETE")
    co_return text_response(409, "the engine runs; stop it before its progress is reset\n");
  constexpr std::string_view root = "/api/v1/";
  const auto path = percent_decoded(std::string_view(request.path).substr(root.size()));
  if (!path) co_return text_response(400, "the path has a malformed escape\n");
  const StateQuestion question = question_of(request, *path);
  std::string text;
  auto read = [&] {
    return answer(engine_.store(), question, scheduler_.wall(), [&](std::string_view line) {
      text.append(line).push_back('\n');
      return true;
    });
  };
  const Result<> answered = co_await run_blocking(scheduler_, std::move(read));
  if (!answered) co_return refused(answered.error());
  co_return lines_response(std::move(text));
}

Task<HttpResponse> AdminApi::replay(HttpRequest& request) {
  const WallTime now = scheduler_.wall();
  auto filter = letters::LetterFilter::read(request.query, now);
  if (!filter) co_return text_response(400, filter.error().message + "\n");
  auto order = letters::read_order(request.query);
  if (!order) co_return text_response(400, order.error().message + "\n");
  order->runs = [running = engine_.replaying()](PipelineId id) { return running.contains(id); };
  const inspect::Form form = form_of(request.query);
  const bool dry = request.query.contains("dry_run");
  std::string text;
  const inspect::LineSink lines = [&text](std::string_view line) {
    text.append(line).push_back('\n');
    return true;
  };
  const inspect::LineSink none;
  auto choose = [&]() -> Result<letters::Choice> {
    RocksStore& store = engine_.store();
    auto choice = letters::choose_for_replay(store, *filter, *order, now, form, dry ? lines : none);
    if (!choice || dry) return choice;
    if (auto marked = store.mark_replays(choice->letters, order->gap); !marked)
      return std::unexpected(marked.error());
    return choice;
  };
  auto choice = co_await run_blocking(scheduler_, std::move(choose));
  if (!choice) co_return refused(choice.error());
  letters::report(*choice, dry ? "would be replayed" : "to replay", form, lines);
  HttpResponse response = lines_response(std::move(text));
  if (dry) co_return response;
  engine_.replay(choice->pipelines);
  if (request.query.contains("follow"))
    response.stream = std::make_unique<ReplayStream>(scheduler_, engine_, std::move(*choice), form,
                                                     std::move(response.body));
  co_return response;
}

Task<HttpResponse> AdminApi::rows(HttpRequest& request) {
  if (request.query.contains("key") || request.query.contains("count"))
    co_return co_await state(request);
  const std::string table = request.params["name"];
  const auto options = scan_options(request.query);
  if (!options) co_return text_response(400, options.error().message + "\n");
  if (!engine_.store().find_table(table)) co_return co_await state(request);
  HttpResponse response = lines_response("");
  response.stream = std::make_unique<RowStream>(scheduler_, engine_.store(), table,
                                                form_of(request.query), *options);
  co_return response;
}

}  // namespace tidemill::app

// AdminApi: the routes of a running engine - health, metrics, pipelines, the questions of
// state_api.h, and what live_api.h lets people watch.
//
// Handlers run on the scheduler's executor, which is the engine's; reads of the store run on the
// blocking pool. Large tables are streamed page by page, so that neither side holds them whole.
#pragma once

#include "app/live_api.h"
#include "app/state_api.h"
#include "core/http/router.h"
#include "core/observe/metrics.h"
#include "core/pipeline/engine.h"

namespace tidemill::app {

class AdminApi {
 public:
  /// Everything referred to outlives this object, and this object outlives the server.
  AdminApi(Scheduler& scheduler, Engine& engine, Metrics& metrics, std::string data_folder);

  /// See LiveApi::close().
  Task<> close() { return live_.close(); }

  const Router& router() const { return router_; }

 private:
  void add_routes();
  std::string metrics_text();
  Task<HttpResponse> state(HttpRequest& request);
  Task<HttpResponse> rows(HttpRequest& request);
  Task<HttpResponse> replay(HttpRequest& request);

  Scheduler& scheduler_;
  Engine& engine_;
  Metrics& metrics_;
  LiveApi live_;
  Router router_;
};

}  // namespace tidemill::app

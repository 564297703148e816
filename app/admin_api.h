// AdminApi: the routes of a running engine - health, metrics, pipelines, and the questions of
// state_api.h.
//
// Handlers run on the scheduler's executor, which is the engine's; reads of the store run on the
// blocking pool. Large tables are streamed page by page, so that neither side holds them whole.
#pragma once

#include "app/state_api.h"
#include "core/admin/router.h"
#include "core/observe/metrics.h"
#include "core/pipeline/engine.h"

namespace tidemill::app {

class AdminApi {
 public:
  /// Everything referred to outlives this object, and this object outlives the server.
  AdminApi(Scheduler& scheduler, Engine& engine, Metrics& metrics);

  const Router& router() const { return router_; }

 private:
  void add_routes();
  std::string metrics_text();
  HttpResponse pipelines(const HttpRequest& request);
  Task<HttpResponse> state(HttpRequest request);
  Task<HttpResponse> rows(HttpRequest request);
  Task<HttpResponse> replay(HttpRequest request);

  Scheduler& scheduler_;
  Engine& engine_;
  Metrics& metrics_;
  Router router_;
};

}  // namespace tidemill::app

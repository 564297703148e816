#include "core/admin/health_routes.h"

#include <utility>

namespace tidemill {

namespace {

HttpResponse verdict(const std::function<Result<>()>& probe, const HttpRequest&) {
  const Result<> state = probe();
  return state ? text_response(200, "ok\n") : text_response(503, state.error().message + "\n");
}

HttpResponse exposition(const std::function<std::string()>& metrics, const HttpRequest&) {
  HttpResponse response = text_response(200, metrics());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

}  // namespace

void add_health_routes(Router& router, HealthProbes probes) {
  router.add_immediate("GET", "/healthz", std::bind_front(verdict, std::move(probes.alive)));
  router.add_immediate("GET", "/readyz", std::bind_front(verdict, std::move(probes.ready)));
  router.add_immediate("GET", "/metrics", std::bind_front(exposition, std::move(probes.metrics)));
}

}  // namespace tidemill

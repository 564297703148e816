#include "listener.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "messages.h"

namespace tidemill::http {
namespace {

std::string of(const std::optional<FilePath>& path) { return path ? path->value : std::string(); }

bool same(const ListenerOptions& a, const ListenerOptions& b) {
  const auto all = [](const ListenerOptions& o) {
    return std::tuple(o.listen, of(o.tls.certificate), of(o.tls.key), o.connections_max,
                      o.header_max, o.body_max, o.memory, o.idle_max, o.header_time, o.body_time);
  };
  return all(a) == all(b);
}

}  // namespace

Listener::Listener(ListenerOptions options, Services services,
                   std::shared_ptr<const Sharing> sharing)
    : options_(std::move(options)), services_(std::move(services)), sharing_(std::move(sharing)) {}

Result<> Listener::open() {
  HttpDoor door{.listen = options_.listen,
                .token = {},
                .answer = std::bind_front(&Listener::answer, this),
                .admit = std::bind_front(&Listener::admit, this),
                .guarded = false};
  if (options_.tls.certificate)
    door.tls = HttpTls{options_.tls.certificate->value, options_.tls.key->value};
  HttpLimits& limits = door.limits;
  limits.header_bytes_max = static_cast<std::uint32_t>(options_.header_max.value);
  limits.body_bytes_max = options_.body_max.value;
  limits.bodies_bytes_max = options_.memory.value;
  limits.idle_max = options_.idle_max;
  limits.header_max = options_.header_time;
  limits.read_max = options_.body_time;
  limits.connections_max = options_.connections_max;
  auto server = services_.serve_http(*services_.engine_scheduler, services_.log, std::move(door));
  if (!server) return std::unexpected(server.error());
  server_ = std::move(*server);
  return {};
}

Result<> Listener::attach(Endpoint& endpoint, std::string_view name,
                          std::span<const std::string> routes) {
  for (std::size_t i = 0; i < routes.size(); ++i) {
    auto added = routes_.add({.key = routes[i],
                              .owner = &endpoint,
                              .owner_name = "pipeline " + std::string(name),
                              .index = i});
    if (added) continue;
    routes_.remove(&endpoint);
    return added;
  }
  endpoints_.push_back(&endpoint);
  return {};
}

void Listener::detach(Endpoint& endpoint) {
  routes_.remove(&endpoint);
  std::erase(endpoints_, &endpoint);
}

Task<> Listener::close() {
  if (server_ != nullptr) co_await server_->close();
}

Endpoint* Listener::endpoint_of(const RouteMatch& match) const {
  // The table compares owners only; all of them are endpoints that were attached here.
  return static_cast<Endpoint*>(const_cast<void*>(match.route->owner));
}

std::optional<HttpResponse> Listener::refuse(const HttpRequest& request,
                                             const RouteMatch& match) const {
  // Pipelines start one after the other: whose route it is may just not be there yet.
  if (match.outcome != RouteMatch::Outcome::found && endpoints_.size() < sharing_->sources)
    return busy(503, "Service Unavailable");
  switch (match.outcome) {
    case RouteMatch::Outcome::found:
      return std::nullopt;
    case RouteMatch::Outcome::malformed_path:
      return message(400, "the path has a malformed escape");
    case RouteMatch::Outcome::no_such_path:
      return message(404, "Not Found");
    case RouteMatch::Outcome::method_not_allowed:
      break;
  }
  if (request.method == "OPTIONS") {
    // Asked by a browser in the name of a page, for a request of another method.
    const auto meant = routes_.find(request.header("Access-Control-Request-Method"), request.path);
    if (meant.outcome == RouteMatch::Outcome::found)
      if (auto told = endpoint_of(meant)->preflight(request)) return told;
  }
  auto refusal = message(405, "Method Not Allowed");
  refusal.headers.emplace_back("Allow", match.allow);
  return refusal;
}

std::optional<HttpResponse> Listener::admit(HttpRequest& request) {
  auto admitted = std::make_shared<Admitted>();
  admitted->match = routes_.find(request.method, request.path);
  if (auto refused = refuse(request, admitted->match)) return refused;
  Endpoint& endpoint = *endpoint_of(admitted->match);
  if (auto refused = endpoint.admit(request, *admitted))
    return endpoint.with_cors(request, std::move(*refused));
  request.admitted = std::move(admitted);
  return std::nullopt;
}

Task<HttpResponse> Listener::answer(HttpRequest& request) {
  auto admitted = std::static_pointer_cast<const Admitted>(std::move(request.admitted));
  Endpoint* const endpoint = endpoint_of(admitted->match);
  // It may have gone while the body was read.
  if (std::ranges::find(endpoints_, endpoint) == endpoints_.end())
    return at_once(busy(503, "Service Unavailable"));
  return endpoint->answer(request, std::move(admitted));
}

std::shared_ptr<Sharing> ListenerHub::sharing(const ListenerOptions& options,
                                              const Services& services) {
  auto& sharing = sharings_[Key(services.engine_scheduler, options.listen)];
  if (sharing == nullptr) sharing = std::make_shared<Sharing>();
  return sharing;
}

Task<Result<Listener*>> ListenerHub::attach(const ListenerOptions& options,
                                            const Services& services, Endpoint& endpoint,
                                            std::string_view name,
                                            std::span<const std::string> routes) {
  const Key key(services.engine_scheduler, options.listen);
  auto place = listeners_.find(key);
  if (place == listeners_.end()) {
    auto made = std::make_unique<Listener>(options, services, sharing(options, services));
    if (auto opened = made->open(); !opened) co_return std::unexpected(opened.error());
    place = listeners_.emplace(key, std::move(made)).first;
  } else if (!same(place->second->options(), options)) {
    co_return fail(Fault::bad_config,
                   "pipelines that listen on " + options.listen +
                       " say different things of it: name one connection in all of them");
  }
  Listener& listener = *place->second;
  auto attached = listener.attach(endpoint, name, routes);
  if (attached) co_return &listener;
  co_await close_if_idle(listener);
  co_return std::unexpected(attached.error());
}

Task<> ListenerHub::detach(Listener& listener, Endpoint& endpoint) {
  listener.detach(endpoint);
  co_await close_if_idle(listener);
}

// Out of reach first: who comes meanwhile opens another one, once the port is free again.
Task<> ListenerHub::close_if_idle(Listener& listener) {
  if (listener.attached()) co_return;
  std::unique_ptr<Listener> idle;
  for (auto place = listeners_.begin(); place != listeners_.end(); ++place)
    if (place->second.get() == &listener) {
      idle = std::move(place->second);
      listeners_.erase(place);
      break;
    }
  if (idle != nullptr) co_await idle->close();
}

}  // namespace tidemill::http

// Listener: an open door that several sources share, and who of them takes a request.
//
// A source attaches to the listener of its address with its routes, and the door is open as long as
// one is attached. Everything on one executor.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http.h"
#include "route_table.h"
#include "tidemill/async.h"
#include "tidemill/http.h"
#include "tidemill/registry.h"

namespace tidemill::http {

/// What is known of a request once it was let in.
struct Admitted {
  RouteMatch match;
  std::string caller;  ///< The name of its key; empty: nobody asked.
};

/// Whoever takes requests of some routes.
class Endpoint {
 public:
  virtual ~Endpoint() = default;

  /// Why a request is refused, before its body is read; nothing: let it come. May set the caller.
  virtual std::optional<HttpResponse> admit(const HttpRequest& request, Admitted& admitted) = 0;

  /// What a page of another origin is told when it asks whether it may send; nothing: no rule for
  /// that.
  virtual std::optional<HttpResponse> preflight(const HttpRequest& request) = 0;

  /// The answer, with what such a page needs to see it.
  virtual HttpResponse with_cors(const HttpRequest& request, HttpResponse response) = 0;

  virtual Task<HttpResponse> answer(HttpRequest& request,
                                    std::shared_ptr<const Admitted> admitted) = 0;
};

/// What the sources of one address know of each other, from their making to their end.
struct Sharing {
  std::size_t sources = 0;
  bool counted = false;  ///< One of them says how much memory the listener may hold.
};

class Listener {
 public:
  Listener(ListenerOptions options, Services services, std::shared_ptr<const Sharing> sharing);

  /// Errors: as ServeHttp.
  Result<> open();

  /// Errors: bad_config (a route that another source has).
  Result<> attach(Endpoint& endpoint, std::string_view name, std::span<const std::string> routes);
  void detach(Endpoint& endpoint);
  bool attached() const { return !endpoints_.empty(); }

  Task<> close();

  const ListenerOptions& options() const { return options_; }
  std::uint16_t port() const { return server_->port(); }

 private:
  std::optional<HttpResponse> admit(HttpRequest& request);
  Task<HttpResponse> answer(HttpRequest& request);
  std::optional<HttpResponse> refuse(const HttpRequest& request, const RouteMatch& match) const;
  Endpoint* endpoint_of(const RouteMatch& match) const;

  const ListenerOptions options_;
  const Services services_;
  const std::shared_ptr<const Sharing> sharing_;
  RouteTable routes_;
  std::vector<const Endpoint*> endpoints_;
  std::unique_ptr<HttpServer> server_;
};

/// The listeners that are open, by their address. Belongs to the connector.
class ListenerHub {
 public:
  /// That of an address; whoever asks counts itself in and out.
  std::shared_ptr<Sharing> sharing(const ListenerOptions& options, const Services& services);

  /// The listener of an address, opened where none of its sources has. Errors: bad_config (another
  /// source says something else of it), and as Listener::open().
  Task<Result<Listener*>> attach(const ListenerOptions& options, const Services& services,
                                 Endpoint& endpoint, std::string_view name,
                                 std::span<const std::string> routes);

  /// Takes the endpoint out, and closes the door with the last one.
  Task<> detach(Listener& listener, Endpoint& endpoint);

 private:
  Task<> close_if_idle(Listener& listener);

  // By scheduler too: a process may have several engines.
  using Key = std::pair<const Scheduler*, std::string>;
  std::map<Key, std::unique_ptr<Listener>> listeners_;
  std::map<Key, std::shared_ptr<Sharing>> sharings_;
};

}  // namespace tidemill::http

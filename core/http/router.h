// Router: which handler answers a method and a path.
//
//     router.add("GET", "/api/v1/pipelines/{name}", std::bind_front(&Api::show, &api));
//
// Filled before the server starts, read-only afterwards. Handlers run on the server's executor;
// one that blocks does so through run_blocking().
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/async.h"
#include "tidemill/http.h"

namespace tidemill {

class Router {
 public:
  /// `pattern` is a path whose segments may be {names}; a name matches one whole segment. Where two
  /// patterns match, the one added first answers.
  void add(std::string_view method, std::string_view pattern, HttpHandler handler);

  /// For answers that need no waiting.
  void add_immediate(std::string_view method, std::string_view pattern,
                     std::function<HttpResponse(const HttpRequest&)> handler);

  /// Answers 404 or 405 itself. The router outlives the returned task.
  Task<HttpResponse> answer(HttpRequest& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    HttpHandler handler;
  };

  std::vector<Route> routes_;
};

/// Splits "/path?a=1&b=%20" into the path of the request and its query. False: an escape is
/// malformed.
bool set_target(HttpRequest& request, std::string_view target);

/// Undoes %XX. Empty if an escape is malformed.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace tidemill

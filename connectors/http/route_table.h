// RouteTable: which of the sources behind a listener takes a request. Routes are written as the
// HTTP APIs of API Gateway write them:
//
//     GET /users/{id}        a name stands for one whole segment
//     ANY /files/{path+}     a greedy one for all that is left, at least one segment
//     $default               what nobody else takes
//
// and the most specific takes it: what fits the whole path before what is greedy, in either a
// literal segment before a {name}, the method itself before ANY; $default comes last. HEAD is a
// method like the others.
//
// Several pipelines share a listener, so routes have owners and go together with theirs. Pure; one
// executor at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::http {

/// A route, as whoever it leads to knows it.
struct Route {
  std::string key;              ///< As it was written: "GET /users/{id}".
  const void* owner = nullptr;  ///< Compared, never looked into.
  std::string owner_name;       ///< For messages: "pipeline users".
  std::size_t index = 0;        ///< The owner's own number for it.
};

/// A {name} of a route, and what stands for it: decoded. The name lives as long as the route.
struct PathParam {
  std::string_view name;
  std::string value;
};

struct RouteMatch {
  enum class Outcome {
    found,
    no_such_path,
    method_not_allowed,  ///< The path is known, with the methods of `allow`.
    malformed_path,      ///< An escape in it is none, or it does not begin with '/'.
  };

  Outcome outcome = Outcome::no_such_path;
  std::shared_ptr<const Route> route;  ///< Of one that was found; it outlives its removal.
  std::vector<PathParam> params;       ///< In the order of the path.
  std::string allow;                   ///< As the header Allow lists them: "GET, POST".
};

class RouteTable {
 public:
  RouteTable();
  ~RouteTable();
  RouteTable(RouteTable&&) noexcept;
  RouteTable& operator=(RouteTable&&) noexcept;

  /// Errors: bad_config, when `route.key` is no route, and when it is taken: by itself, or by one
  /// that differs in nothing but the names of its parts. The table is as it was before.
  Result<> add(Route route);

  /// Takes out all routes of an owner.
  void remove(const void* owner);

  bool empty() const { return routes_.empty(); }

  /// Who takes a request. `path` is as it was sent, without the query.
  RouteMatch find(std::string_view method, std::string_view path) const;

 private:
  struct Entry;
  struct Node;
  struct Search;

  Result<> place(const std::shared_ptr<const Entry>& entry);

  std::vector<std::shared_ptr<const Entry>> routes_;  // In the order in which they were added.
  std::unique_ptr<Node> root_;                        // Invariant: all of routes_, but for:
  std::shared_ptr<const Entry> otherwise_;            // $default, where there is one.
};

/// Whether `key` is a route; the error says what is wrong with it. For checking without a table.
///
/// Errors: bad_config.
Result<> check_route(std::string_view key);

}  // namespace tidemill::http

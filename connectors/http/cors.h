// Cors: which pages of other origins may use an API, as browsers ask (Fetch standard), with the
// options that HTTP APIs of API Gateway have.
//
//     cors: { allow_origins: ["https://*"], allow_methods: [GET, POST], allow_headers:
//     [content-type] }
//
// A request that only asks first is answered without a route: 204 with what preflight() says, which
// is nothing where the page may not. Pure; may be asked from any thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/config_spec.h"
#include "tidemill/http.h"
#include "tidemill/time.h"

namespace tidemill::http {

struct CorsOptions {
  std::vector<std::string> allow_origins;
  std::vector<std::string> allow_methods;
  std::vector<std::string> allow_headers;
  std::vector<std::string> expose_headers;
  std::optional<Duration> max_age;
  bool allow_credentials = false;

  bool on() const { return !allow_origins.empty(); }
};

/// The group `cors`.
ConfigSpec<CorsOptions> cors_spec();

class Cors {
 public:
  explicit Cors(const CorsOptions& options);

  /// Whether a request only asks what a page may do.
  static bool is_preflight(std::string_view method, std::span<const HttpHeader> headers);

  /// Adds the headers that answer a preflight. Views of the request and of this.
  void preflight(std::span<const HttpHeader> headers, std::vector<HttpHeader>& out) const;

  /// Adds what every other answer needs for the page to see it, errors too. Views as above.
  void answer(std::span<const HttpHeader> headers, std::vector<HttpHeader>& out) const;

 private:
  std::string_view allowed_origin(std::span<const HttpHeader> headers) const;
  void add_origin(std::string_view allowed, std::vector<HttpHeader>& out) const;

  std::vector<std::string> origins_;
  bool any_origin_ = false;
  bool credentials_;
  std::string methods_;  // Empty: the header is not sent; as the next three.
  std::string headers_;
  std::string exposed_;
  std::string max_age_;
};

}  // namespace tidemill::http

// The http connector: requests as events, answered with what comes of them. See README.md for what
// it promises.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "caller.h"
#include "cors.h"
#include "rate_limit.h"
#include "signature.h"
#include "tidemill/config_spec.h"
#include "tidemill/registry.h"

namespace tidemill::http {

/// A certificate to show: both, or neither for no TLS.
struct TlsFiles {
  std::optional<FilePath> certificate;
  std::optional<FilePath> key;
};

/// Where requests come in. Sources with the same `listen` share it, and say the same of it.
struct ListenerOptions {
  std::string listen;
  TlsFiles tls;
  std::uint32_t connections_max = 1024;
  ByteSize header_max{16 * 1024};
  ByteSize body_max{6 * 1024 * 1024};
  ByteSize memory{32 * 1024 * 1024};
  std::chrono::microseconds idle_max = std::chrono::seconds(60);
  std::chrono::microseconds header_time = std::chrono::seconds(10);
  std::chrono::microseconds body_time = std::chrono::seconds(30);
};

/// What of a request is the data of its event.
enum class Shape {
  detect,       ///< A CloudEvent where it is one; else as its answer needs it.
  body,         ///< The body as it came.
  request,      ///< The whole request, as API Gateway hands it to a function (format 2.0).
  cloudevents,  ///< CloudEvents, and nothing else.
};

struct VerifyOptions {
  HmacOptions hmac;
};

struct SourceConfig {
  ListenerOptions listener;
  std::string path = "/";
  std::vector<std::string> method = {"POST"};
  std::vector<std::string> routes;
  std::string respond = "reply";
  Shape event = Shape::detect;
  std::string id_header = "Idempotency-Key";
  std::vector<std::string> hosts;
  VerifyOptions verify;
  CallerOptions auth;
  RateLimitOptions rate_limit;
  CorsOptions cors;
  std::uint32_t waiting_max = 1000;
  std::chrono::microseconds answer_within = std::chrono::seconds(29);

  /// The status of an answer that says no more than that the event is settled; nothing: what the
  /// function replies.
  std::optional<unsigned> fixed_status() const;

  /// `routes`, or those that `path` and `method` are short for.
  std::vector<std::string> route_keys() const;

  /// What `event: detect` comes to for a request that is no CloudEvent.
  Shape plain_shape() const;
};

ConfigSpec<SourceConfig> source_spec();

void register_with(Registry& registry);

}  // namespace tidemill::http

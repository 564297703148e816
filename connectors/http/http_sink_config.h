// What a user may write of the sink `http`. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "http_sink_signature.h"
#include "oauth_token.h"
#include "tidemill/registry.h"
#include "tidemill/security_options.h"

namespace tidemill::http {

enum class Method { post, put, patch, del };

enum class CloudEventsMode {
  off,
  binary,      ///< Attributes as headers, the message as body.
  structured,  ///< One JSON object.
  batched,     ///< An array of them.
};

struct ApiKeyOptions {
  std::string header;
  Secret value;
};

struct SinkConfig {
  std::string url;
  std::string path;
  Method method = Method::post;
  Mapping headers;
  std::string content_type;
  CloudEventsMode cloudevents = CloudEventsMode::off;
  std::string id_header = "Idempotency-Key";
  std::uint32_t side_by_side = 4;
  std::uint32_t request_events = 100;
  ByteSize request_bytes{1 << 20};
  std::chrono::microseconds timeout = std::chrono::seconds(30);
  AuthOptions auth;
  Secret bearer;
  ApiKeyOptions api_key;
  OauthOptions oauth2;
  SignOptions sign;
  TlsOptions tls;
};

ConfigSpec<SinkConfig> sink_spec();

void register_sink(Registry& registry);

}  // namespace tidemill::http

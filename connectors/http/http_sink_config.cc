#include "http_sink_config.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "http_sink.h"
#include "http_sink_request.h"

namespace tidemill::http {
namespace {

constexpr double mebibyte = 1 << 20;
constexpr double second = 1e6;

// Says which options would write the same header, Authorization.
bool one_login(const SinkConfig& c) {
  const int logins = (c.auth.mechanism != AuthMechanism::none ? 1 : 0) +
                     (c.bearer.value.empty() ? 0 : 1) + (c.oauth2.on() ? 1 : 0);
  return logins <= 1;
}

Result<std::unique_ptr<Sink>> make_sink(SinkConfig config, Services services) {
  auto requests = RequestMaker::make(config, services.compile);
  if (!requests) return std::unexpected(requests.error());
  const http_client::Url& server = requests->server();
  const bool any_tls = server.tls || config.oauth2.token_url.starts_with("https://");
  if (!any_tls && config.tls.on())
    return fail(Fault::bad_config, "tls goes with an https:// url, got: " + config.url);
  if (server.tls && config.tls.enabled == false)
    return fail(Fault::bad_config, "tls.enabled: false contradicts https://; write http://");
  auto client = http_client::Client::make({.server = server,
                                           .tls = config.tls,
                                           .timeouts = {.idle = config.timeout},
                                           .side_by_side_max = config.side_by_side});
  if (!client) return std::unexpected(client.error());
  std::unique_ptr<TokenSource> tokens;
  if (config.oauth2.on()) {
    auto made = TokenSource::make(config.oauth2, config.tls, config.timeout,
                                  [&scheduler = services.scheduler] { return scheduler.now(); });
    if (!made) return std::unexpected(made.error());
    tokens = std::move(*made);
  }
  return std::make_unique<HttpSink>(std::move(*requests), std::move(*client), std::move(tokens),
                                    std::move(services));
}

}  // namespace

ConfigSpec<SinkConfig> sink_spec() {
  return ConfigSpec<SinkConfig>("A request to an HTTP server for each message.")
      .field("url", &SinkConfig::url,
             "http:// or https:// with path and query; in these {jq} is filled in, as "
             "https://api.example.org/users/{.user.id}.",
             Need::required)
      .field("path", &SinkConfig::path,
             "What follows the url, where that is a connection's: path and query, as "
             "/users/{.user.id}.")
      .choice("method", &SinkConfig::method, "What is asked of the server.",
              {{"POST", Method::post},
               {"PUT", Method::put},
               {"PATCH", Method::patch},
               {"DELETE", Method::del}})
      .field("headers", &SinkConfig::headers,
             "NAME: text each, in which {jq} is filled in; {{ and }} are braces.")
      .field("content_type", &SinkConfig::content_type,
             "What bodies are; default: what each message says that it is, or application/json.")
      .choice("cloudevents", &SinkConfig::cloudevents,
              "CloudEvents 1.0: attributes as headers (binary), one JSON object (structured), or "
              "several in one request (batched).",
              {{"off", CloudEventsMode::off},
               {"binary", CloudEventsMode::binary},
               {"structured", CloudEventsMode::structured},
               {"batched", CloudEventsMode::batched}})
      .field("id_header", &SinkConfig::id_header,
             "The header with the id of the message, which is the same at every repeat; empty: "
             "none.")
      .field("side_by_side", &SinkConfig::side_by_side,
             "So many requests at a time, those of one key one after the other.", in_range(1, 64))
      .field("request_events", &SinkConfig::request_events,
             "With cloudevents: batched, so many in one request at most.", in_range(1, 10'000))
      .field("request_bytes", &SinkConfig::request_bytes,
             "With cloudevents: batched, so much in one request; a larger one travels alone.",
             in_range(1024, 100 * mebibyte))
      .field("timeout", &SinkConfig::timeout, "How long the server may be silent.",
             in_range(0.1 * second, 3600 * second))
      .group("auth", &SinkConfig::auth, auth_spec())
      .field("bearer", &SinkConfig::bearer, "A token, sent as Authorization: Bearer.")
      .group("api_key", &SinkConfig::api_key,
             ConfigSpec<ApiKeyOptions>("A key in a header.")
                 .field("header", &ApiKeyOptions::header, "The header's name, as X-Api-Key.")
                 .field("value", &ApiKeyOptions::value, "The key.")
                 .check("api_key needs header and value",
                        [](const ApiKeyOptions& k) {
                          return k.header.empty() == k.value.value.empty();
                        }))
      .group("oauth2", &SinkConfig::oauth2, oauth_spec())
      .group("sign", &SinkConfig::sign, sign_spec())
      .group("tls", &SinkConfig::tls, tls_spec())
      .check("path begins with / and follows a url without a query",
             [](const SinkConfig& c) {
               return c.path.empty() || (c.path.starts_with('/') && !c.url.contains('?'));
             })
      .check("auth.mechanism must be plain: HTTP knows no other here",
             [](const SinkConfig& c) {
               return c.auth.mechanism == AuthMechanism::none ||
                      c.auth.mechanism == AuthMechanism::plain;
             })
      .check("give one login of auth, bearer and oauth2", one_login);
}

void register_sink(Registry& registry) {
  registry.add_sink("http", HttpSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::http

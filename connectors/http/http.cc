#include "http.h"

#include <charconv>
#include <memory>
#include <utility>

#include "http_sink_config.h"
#include "http_source.h"
#include "listener.h"
#include "route_table.h"

namespace tidemill::http {
namespace {

ConfigSpec<TlsFiles> tls_files_spec() {
  return ConfigSpec<TlsFiles>("What the listener shows of itself; without it, it speaks no TLS.")
      .field("certificate", &TlsFiles::certificate, "Certificate (PEM), with its chain.")
      .field("key", &TlsFiles::key, "Private key (PEM) of the certificate.")
      .check("tls.certificate and tls.key belong together: give both or neither",
             [](const TlsFiles& t) { return t.certificate.has_value() == t.key.has_value(); });
}

ConfigSpec<ListenerOptions> listener_spec() {
  return ConfigSpec<ListenerOptions>("Where requests come in.")
      .field("listen", &ListenerOptions::listen,
             "HOST:PORT to listen on. Sources that name the same share it.", Need::required)
      .group("tls", &ListenerOptions::tls, tls_files_spec())
      .field("connections_max", &ListenerOptions::connections_max,
             "Connections at once; more wait to be accepted.", in_range(1, 1e6))
      .field("header_max", &ListenerOptions::header_max,
             "Requests with a larger header are answered 431.", in_range(1024, 1 << 20))
      .field("body_max", &ListenerOptions::body_max,
             "Requests with a larger body are answered 413.", in_range(1, 64 << 20))
      .field("memory", &ListenerOptions::memory,
             "What all bodies that are not answered yet may hold; beyond it requests are answered "
             "429.",
             in_range(4096, 4e9))
      .field("idle_max", &ListenerOptions::idle_max,
             "After which a connection is closed on which no request comes.", in_range(1e5, 3.6e9))
      .field("header_time", &ListenerOptions::header_time,
             "How long the header of a request may take.", in_range(1e5, 3.6e9))
      .field("body_time", &ListenerOptions::body_time, "How long its body may take.",
             in_range(1e5, 3.6e9));
}

ConfigSpec<VerifyOptions> verify_spec() {
  return ConfigSpec<VerifyOptions>("What has to be right of a request, besides its form.")
      .group("hmac", &VerifyOptions::hmac, hmac_spec());
}

bool is_answer(const SourceConfig& config) {
  if (config.respond == "reply") return true;
  const auto status = config.fixed_status();
  return status && *status >= 200 && *status < 300;
}

bool are_routes(const SourceConfig& config) {
  for (const std::string& key : config.route_keys())
    if (!check_route(key)) return false;
  return true;
}

}  // namespace

std::optional<unsigned> SourceConfig::fixed_status() const {
  unsigned status = 0;
  const char* const end = respond.data() + respond.size();
  const auto read = std::from_chars(respond.data(), end, status);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return status;
}

std::vector<std::string> SourceConfig::route_keys() const {
  if (!routes.empty()) return routes;
  std::vector<std::string> keys;
  for (const std::string& one : method) keys.push_back(one + " " + path);
  return keys;
}

Shape SourceConfig::plain_shape() const {
  if (event == Shape::body || event == Shape::request) return event;
  return fixed_status() ? Shape::body : Shape::request;
}

ConfigSpec<SourceConfig> source_spec() {
  return ConfigSpec<SourceConfig>(
             "Requests over HTTP: an API whose functions reply, or an intake that takes what is "
             "sent.")
      .include(&SourceConfig::listener, listener_spec())
      .field("path", &SourceConfig::path,
             "The path of its requests; {name} stands for a part of it, {name+} for all that is "
             "left.")
      .field("method", &SourceConfig::method, "Their methods, or ANY.")
      .field("routes", &SourceConfig::routes,
             "Instead of both: \"METHOD /path\" each, as API Gateway writes them, or $default.")
      .field("respond", &SourceConfig::respond,
             "reply: what the function replies. A number, 202 for one: that status, once the event "
             "is durable.")
      .choice("event", &SourceConfig::event,
              "What of a request is the data of its event. detect: a CloudEvent where it is one, "
              "else body with a fixed status and request with a reply.",
              {{"detect", Shape::detect},
               {"body", Shape::body},
               {"request", Shape::request},
               {"cloudevents", Shape::cloudevents}})
      .field("id_header", &SourceConfig::id_header,
             "The header that is the id of the event, where it is sent. With `dedupe: { id: native "
             "}` a request that repeats it gets the reply of the first.")
      .field("hosts", &SourceConfig::hosts,
             "Names that the Host header may have. Default: on loopback and without auth and "
             "verify those of this machine, else any.")
      .group("verify", &SourceConfig::verify, verify_spec())
      .group("auth", &SourceConfig::auth, caller_spec())
      .group("rate_limit", &SourceConfig::rate_limit, rate_limit_spec())
      .group("cors", &SourceConfig::cors, cors_spec())
      .field("waiting_max", &SourceConfig::waiting_max,
             "Requests that may wait for their answer; beyond it they are answered 429.",
             in_range(1, 1e6))
      .field("answer_within", &SourceConfig::answer_within,
             "After which a request whose event is not settled is answered 504, or 503 where the "
             "status is fixed: to be sent again.",
             in_range(1e5, 3.6e9))
      .check("respond is reply, or a status from 200 to 299", &is_answer)
      .check("a route is METHOD /path with {name} or {name+} for whole parts of it, or $default",
             &are_routes)
      .check("path and routes exclude each other",
             [](const SourceConfig& c) { return c.routes.empty() || c.path == "/"; })
      .check(
          "event: cloudevents takes no reply of a function in the shape of API Gateway; say "
          "which status it is answered with, such as respond: 202",
          [](const SourceConfig& c) {
            return c.event != Shape::cloudevents || c.fixed_status().has_value();
          });
}

void register_with(Registry& registry) {
  registry.add_source(
      "http", source_spec(),
      [hub = std::make_shared<ListenerHub>()](
          SourceConfig config, Services services) -> Result<std::unique_ptr<Source>> {
        auto source = HttpSource::make(std::move(config), std::move(services), hub);
        if (!source) return std::unexpected(source.error());
        return std::unique_ptr<Source>(std::move(*source));
      });
  register_sink(registry);
}

}  // namespace tidemill::http

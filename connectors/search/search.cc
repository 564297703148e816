#include "search.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "search_sink.h"

namespace tidemill::search {
namespace {

constexpr double mebibyte = 1 << 20;
constexpr double second = 1e6;

Result<http_client::Url> server_of(const SinkConfig& config) {
  auto url = http_client::parse_url(config.url);
  if (!url) return fail(Fault::bad_config, "url: " + url.error().message);
  if (!url->tls && config.tls.on())
    return fail(Fault::bad_config, "tls goes with an https:// url, got: " + config.url);
  if (url->tls && config.tls.enabled == false)
    return fail(Fault::bad_config, "tls.enabled: false contradicts https://; write http://");
  while (url->path.ends_with('/')) url->path.pop_back();
  return url;
}

Result<std::unique_ptr<Sink>> make_sink(SinkConfig config, Services services) {
  auto server = server_of(config);
  if (!server) return std::unexpected(server.error());
  std::shared_ptr<const EventExpression> id;
  if (!config.id.empty()) {
    auto compiled = services.compile(config.id);
    if (!compiled) return fail(Fault::bad_config, "id: " + compiled.error().message);
    id = std::move(*compiled);
  }
  http_client::Client::Options options{.server = std::move(*server),
                                       .tls = config.tls,
                                       .timeouts = {.idle = config.timeout},
                                       .side_by_side_max = SearchSink::side_by_side};
  auto client = http_client::Client::make(std::move(options));
  if (!client) return std::unexpected(client.error());
  return std::make_unique<SearchSink>(std::move(config), std::move(id), std::move(*client),
                                      std::move(services));
}

}  // namespace

bool is_index_name(std::string_view name) {
  constexpr std::string_view refused = "\\/*?\"<>| ,#:%";
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         std::string_view("-_+").find(name.front()) == name.npos &&
         std::ranges::none_of(name, [refused](char c) {
           return static_cast<unsigned char>(c) <= ' ' || (c >= 'A' && c <= 'Z') ||
                  refused.find(c) != refused.npos;
         });
}

ConfigSpec<SinkConfig> sink_spec() {
  return ConfigSpec<SinkConfig>(
             "Documents in an index of Elasticsearch (7 and later) or OpenSearch, through _bulk.")
      .field("url", &SinkConfig::url, "http:// or https:// where the server is; may have a path.",
             Need::required)
      .field("index", &SinkConfig::index, "An index, an alias or a data stream.", Need::required)
      .field("id", &SinkConfig::id,
             "jq that gives the id of a document, as $event.id or .order.id; default: one that is "
             "the same at every repeat and of no other message.")
      .choice("action", &SinkConfig::action,
              "Where there is a document of that id already: replace it (index), or leave it, as "
              "data streams want it (create).",
              {{"index", Action::index}, {"create", Action::create}})
      .field("request_bytes", &SinkConfig::request_bytes,
             "So much goes into one request; a larger document travels alone.",
             in_range(1024, 100 * mebibyte))
      .field("timeout", &SinkConfig::timeout, "How long the server may be silent.",
             in_range(0.1 * second, 3600 * second))
      .group("auth", &SinkConfig::auth, auth_spec())
      .field("api_key", &SinkConfig::api_key, "A key of the server, encoded, instead of a login.")
      .group("tls", &SinkConfig::tls, tls_spec())
      .check("index takes the lower-case name of one index, alias or data stream",
             [](const SinkConfig& c) { return is_index_name(c.index); })
      .check("auth.mechanism must be plain: HTTP knows no other here",
             [](const SinkConfig& c) {
               return c.auth.mechanism == AuthMechanism::none ||
                      c.auth.mechanism == AuthMechanism::plain;
             })
      .check("give a login (auth) or an api_key, not both", [](const SinkConfig& c) {
        return c.auth.mechanism == AuthMechanism::none || c.api_key.value.empty();
      });
}

void register_with(Registry& registry) {
  registry.add_sink("search", SearchSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::search

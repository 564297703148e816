#include "webhook.h"

#include <memory>
#include <utility>

#include "webhook_source.h"

namespace tidemill::webhook {

ConfigSpec<SourceConfig> source_spec() {
  return ConfigSpec<SourceConfig>(
             "One event per request that is posted to it, answered when the event is settled.")
      .field("listen", &SourceConfig::listen,
             "HOST:PORT to listen on; other hosts than 127.0.0.1 and localhost need a token.",
             Need::required)
      .field("path", &SourceConfig::path, "The path that requests have to name.")
      .field("token", &SourceConfig::token,
             "What senders show: Authorization: Bearer TOKEN, or TOKEN as the password of Basic.")
      .field("body_max", &SourceConfig::body_max, "Larger requests are refused.",
             in_range(1, 64 << 20))
      .field("answer_within", &SourceConfig::answer_within,
             "After which a request whose event is not settled is answered 503, for its sender to "
             "repeat.",
             in_range(1e5, 3.6e9))
      .check("path begins with /", [](const SourceConfig& c) { return c.path.starts_with('/'); });
}

void register_with(Registry& registry) {
  registry.add_source("webhook", source_spec(), [](SourceConfig config, Services services) {
    return std::make_unique<WebhookSource>(std::move(config), std::move(services));
  });
}

}  // namespace tidemill::webhook

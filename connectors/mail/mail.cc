#include "mail.h"

#include <memory>
#include <utility>

#include "mail_sink.h"

namespace tidemill::mail {
namespace {

constexpr double second = 1e6;
constexpr double recipients_limit = 1000;

ConfigSpec<AttachOptions> attach_spec() {
  return ConfigSpec<AttachOptions>("The data of the message as a file.")
      .field("name", &AttachOptions::name,
             "The file's name, a template; without it nothing is attached.")
      .field("type", &AttachOptions::type,
             "Its type, a template; default: the content type of the data, else "
             "application/octet-stream.")
      .check("attach.type goes with attach.name",
             [](const AttachOptions& a) { return a.type.empty() || !a.name.empty(); });
}

Result<Server> server_of(const SinkConfig& config) {
  auto server = parse_url(config.url);
  if (!server) return server;
  const bool plain = config.tls.enabled == false;
  if (server->implicit_tls && plain)
    return fail(Fault::bad_config, "tls.enabled: false contradicts smtps://; write smtp://");
  if (plain && !config.user.empty() && !server->is_local())
    return fail(Fault::bad_config, "a password goes over TLS alone: leave out tls.enabled: false");
  return server;
}

Result<std::unique_ptr<Sink>> make_sink(SinkConfig config, Services services) {
  auto server = server_of(config);
  if (!server) return std::unexpected(server.error());
  auto rules = read_rules(config, services.compile);
  if (!rules) return std::unexpected(rules.error());
  return std::make_unique<MailSink>(config, std::move(*server), std::move(*rules),
                                    std::move(services));
}

}  // namespace

ConfigSpec<SinkConfig> sink_spec() {
  return ConfigSpec<SinkConfig>("Mails, by SMTP.")
      .field("url", &SinkConfig::url,
             "smtp://HOST:PORT (default 587), with STARTTLS; or smtps://HOST:PORT (default 465).",
             Need::required)
      .field("user", &SinkConfig::user, "Who logs in; default: nobody does.")
      .field("password", &SinkConfig::password, "The user's password.")
      .field("from", &SinkConfig::from, "The sender, a template: Shop <shop@example.org>.",
             Need::required)
      .field("to", &SinkConfig::to,
             "Recipients, templates: ann@example.org, or \\(.email); each may give several, with "
             "commas between them.")
      .field("cc", &SinkConfig::cc, "Recipients of a copy, as `to`.")
      .field("bcc", &SinkConfig::bcc, "Recipients that no other one sees, as `to`.")
      .field("subject", &SinkConfig::subject, "A template.", Need::required)
      .field("text", &SinkConfig::text,
             "The text, a template; default: the data, where there is no html and nothing is "
             "attached.")
      .field("html", &SinkConfig::html,
             "The text as HTML, a template; what its jq gives is made harmless.")
      .field("headers", &SinkConfig::headers, "NAME: template each, as Reply-To.")
      .group("attach", &SinkConfig::attach, attach_spec())
      .field("recipients_max", &SinkConfig::recipients_max, "A mail to more recipients is refused.",
             in_range(1, recipients_limit))
      .field("rate", &SinkConfig::rate, "So many mails at most; default: as many as it takes.")
      .field("timeout", &SinkConfig::timeout, "How long the server may be silent.",
             in_range(second, 3600 * second))
      .group("tls", &SinkConfig::tls, tls_spec())
      .check("user and password belong together: give both or neither",
             [](const SinkConfig& c) { return c.user.empty() == c.password.value.empty(); })
      .check("nobody to send it to: give to, cc or bcc",
             [](const SinkConfig& c) { return !c.to.empty() || !c.cc.empty() || !c.bcc.empty(); });
}

void register_with(Registry& registry) {
  registry.add_sink("mail", MailSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::mail

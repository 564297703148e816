#include "sns.h"

#include <memory>
#include <utility>
#include <vector>

#include "sns_sink.h"

namespace tidemill::sns {
namespace {

Result<std::unique_ptr<Sink>> make_sink(SinkConfig config, Services services) {
  auto topic = SnsTopic::make(config.topic_arn, config.aws, services);
  if (!topic) return std::unexpected(topic.error());
  auto rules = aws::FifoRules::make(config.fifo, (*topic)->arn().fifo(), services);
  if (!rules) return std::unexpected(rules.error());
  std::shared_ptr<const EventExpression> subject;
  if (!config.subject.empty()) {
    auto compiled = services.compile(config.subject);
    if (!compiled) return fail(Fault::bad_config, "subject: " + compiled.error().message);
    subject = std::move(*compiled);
  }
  return std::make_unique<SnsSink>(std::move(subject), std::move(*rules), std::move(*topic),
                                   std::move(services));
}

}  // namespace

ConfigSpec<SinkConfig> sink_spec() {
  return ConfigSpec<SinkConfig>("Publishes one message to a topic of Amazon SNS per message.")
      .field("topic_arn", &SinkConfig::topic_arn, "arn:aws:sns:REGION:ACCOUNT:NAME.",
             Need::required)
      .field("subject", &SinkConfig::subject,
             "jq that gives the subject, which e-mails have; at most 100 characters of ASCII.")
      .include(&SinkConfig::fifo, aws::fifo_spec())
      .include(&SinkConfig::aws, aws::aws_spec());
}

Result<TopicArn> parse_topic_arn(std::string_view arn) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  std::vector<std::string_view> parts;
  for (std::string_view rest = arn;;) {
    const auto colon = rest.find(':');
    parts.push_back(rest.substr(0, colon));
    if (colon == rest.npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (parts.size() == 6 && parts[0] == "arn" && parts[2] == "sns" && !parts[3].empty()) {
    std::string_view name = parts[5];
    if (name.ends_with(".fifo")) name.remove_suffix(5);
    if (!name.empty() && name.find_first_not_of(allowed) == name.npos)
      return TopicArn{std::string(parts[3]), std::string(parts[5])};
  }
  return fail(Fault::bad_config,
              "topic_arn takes that of a topic, such as arn:aws:sns:eu-west-1:123456789012:orders, "
              "got: " +
                  std::string(arn.substr(0, 300)));
}

void register_with(Registry& registry) {
  registry.add_sink("sns", SnsSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::sns

#include "queue_address.h"

#include <utility>

#include "aws/endpoint.h"

namespace tidemill::sqs {
namespace {

bool is_queue_name(std::string_view name) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (name.size() > 80) return false;
  if (name.ends_with(".fifo")) name.remove_suffix(5);
  return !name.empty() && name.find_first_not_of(allowed) == name.npos;
}

// "sqs.eu-west-1.amazonaws.com", also with a further ending, and "eu-west-1.queue.amazonaws.com".
std::string region_in(std::string_view host) {
  if (host.find(".amazonaws.") == host.npos) return {};
  if (host.starts_with("sqs.")) {
    host.remove_prefix(4);
    return std::string(host.substr(0, host.find('.')));
  }
  const auto queue = host.find(".queue.");
  return queue == host.npos ? std::string() : std::string(host.substr(0, queue));
}

Result<QueueAddress> by_url(const QueueOptions& options, const aws::Environment& environment) {
  auto url = http_client::parse_url(options.url);
  if (!url) return fail(Fault::bad_config, "url: " + url.error().message);
  std::string_view path = url->path;
  const auto slash = path.rfind('/');
  QueueAddress address;
  address.url = options.url;
  if (slash != path.npos) {
    address.name = path.substr(slash + 1);
    const std::string_view before = path.substr(0, slash);
    address.account = before.substr(before.rfind('/') + 1);
  }
  if (!is_queue_name(address.name))
    return fail(Fault::bad_config,
                "url takes that of a queue, such as "
                "https://sqs.eu-west-1.amazonaws.com/123456789012/orders, got: " +
                    options.url);
  auto server = aws::endpoint_of(options.aws, url->origin());
  if (!server) return std::unexpected(server.error());
  address.region = options.aws.region.empty() ? region_in(url->host) : std::string();
  if (address.region.empty()) address.region = aws::region_of(options.aws, environment);
  address.server = std::move(*server);
  return address;
}

Result<QueueAddress> by_name(const QueueOptions& options, const aws::Environment& environment) {
  if (!is_queue_name(options.queue))
    return fail(Fault::bad_config,
                "the name of a queue has 1 to 80 letters, digits, '_' or '-', and may end in "
                ".fifo, got: " +
                    options.queue);
  QueueAddress address;
  address.name = options.queue;
  address.region = aws::region_of(options.aws, environment);
  auto server = aws::endpoint_of(options.aws, "https://sqs." + address.region + ".amazonaws.com");
  if (!server) return std::unexpected(server.error());
  address.server = std::move(*server);
  return address;
}

struct Parts {
  std::string_view authority, account, name;
};

Parts parts_of(std::string_view place) {
  const auto first = place.find('/');
  const auto last = place.rfind('/');
  if (first == place.npos) return {place, {}, {}};
  const auto account =
      first == last ? std::string_view() : place.substr(first + 1, last - first - 1);
  return {place.substr(0, first), account, place.substr(last + 1)};
}

}  // namespace

ConfigSpec<QueueOptions> queue_spec() {
  return ConfigSpec<QueueOptions>("Where a queue is, and who we are to it.")
      .field("url", &QueueOptions::url,
             "The queue's url: https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or that of another "
             "server.")
      .field("queue", &QueueOptions::queue,
             "Its name instead, in the region and account of the credentials.")
      .include(&QueueOptions::aws, aws::aws_spec())
      .check("give the url of a queue, or its name as queue, and not both",
             [](const QueueOptions& o) { return o.url.empty() != o.queue.empty(); });
}

std::string QueueAddress::place() const {
  std::string text = "sqs:" + server.authority() + '/';
  if (!account.empty()) text += account + '/';
  return text += name;
}

Result<QueueAddress> address_of(const QueueOptions& options, const aws::Environment& environment) {
  return options.url.empty() ? by_name(options, environment) : by_url(options, environment);
}

bool may_be_one(std::string_view place, std::string_view other) {
  const Parts a = parts_of(place);
  const Parts b = parts_of(other);
  const bool one_account = a.account.empty() || b.account.empty() || a.account == b.account;
  return a.authority == b.authority && a.name == b.name && one_account;
}

}  // namespace tidemill::sqs

#include "link.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "http_client/tls_context.h"

namespace tidemill::amqp {
namespace {

using namespace std::chrono_literals;

constexpr Duration first_pause = 100ms;
constexpr Duration longest_pause = 5s;
constexpr auto tell_again_after = 30s;

}  // namespace

Result<std::unique_ptr<Link>> Link::make(const ServerConfig& config, Services services,
                                         std::string what, std::uint64_t body_max,
                                         std::uint64_t body_kept) {
  ConnectionOptions options{.broker = {},
                            .tls = nullptr,
                            .vhost = config.vhost,
                            .username = "guest",
                            .password = {"guest"},
                            .heartbeat_seconds = 0,
                            .name = "tidemill " + services.pipeline + " " + what,
                            .body_max = body_max,
                            .body_kept = body_kept};
  options.heartbeat_seconds = static_cast<std::uint16_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config.heartbeat).count());
  if (config.auth.mechanism != AuthMechanism::none) {
    options.username = config.auth.username;
    options.password = config.auth.password;
  }
  std::vector<Endpoint> brokers;
  for (const std::string& host : config.hosts) {
    auto broker = parse_endpoint(host, config.tls.on());
    if (!broker) return std::unexpected(broker.error());
    brokers.push_back(std::move(*broker));
  }
  if (brokers.empty()) return fail(Fault::bad_config, "hosts needs at least one HOST:PORT");
  if (config.tls.on()) {
    auto context = http_client::make_tls_context(config.tls);
    if (!context) return std::unexpected(context.error());
    options.tls = std::move(*context);
  }
  return std::unique_ptr<Link>(
      new Link(std::move(options), std::move(brokers), std::move(services)));
}

Link::Link(ConnectionOptions options, std::vector<Endpoint> brokers, Services services)
    : services_(std::move(services)),
      options_(std::move(options)),
      brokers_(std::move(brokers)),
      place_(brokers_.front().text() + "/" + (options_.vhost == "/" ? "%2F" : options_.vhost)) {}

Task<Result<>> Link::connect(Receiver& receiver) {
  // The one that was lost may hang, which costs those who ask it first half a minute.
  if (connection_ && connection_->lost()) turn_ = (turn_ + 1) % brokers_.size();
  co_await close();
  std::string reasons;
  for (std::size_t tries = 0; tries < brokers_.size(); ++tries) {
    if (abandoned_) break;
    options_.broker = brokers_[turn_];
    connection_ = std::make_shared<Connection>(services_.scheduler, options_, receiver);
    Result<> opened = co_await connection_->open();
    if (opened && !abandoned_) co_return opened;
    if (opened) break;
    co_await close();
    if (opened.error().fault != Fault::unavailable) co_return opened;
    turn_ = (turn_ + 1) % brokers_.size();
    reasons.append(reasons.empty() ? "" : "; ").append(opened.error().message);
  }
  co_await close();
  if (abandoned_) co_return fail(Fault::cancelled, "interrupted");
  co_return fail(Fault::unavailable, std::move(reasons));
}

void Link::abandon() {
  abandoned_ = true;
  if (!connection_) return;
  if (connection_->up()) {
    connection_->stop_calls();
  } else {
    connection_->lose(Error{Fault::cancelled, "interrupted", {}});
  }
}

Task<> Link::close() {
  const auto connection = std::exchange(connection_, nullptr);
  if (connection) co_await connection->close();
}

Instant Patience::failed(const std::string& sentence) {
  const Instant now = services_.scheduler.now();
  if (sentence != told_ || now >= tell_again_) {
    services_.log.write(LogLevel::warning,
                        services_.pipeline + ": " + sentence + "; it is tried again");
    told_ = sentence;
    tell_again_ = now + tell_again_after;
  }
  const Duration pause =
      std::min<Duration>(longest_pause, first_pause * (1 << std::min(failures_, 10U)));
  ++failures_;
  // Half of it by chance: not all clients of a broker come back at once.
  const auto spread = static_cast<std::uint64_t>(pause.count() / 2);
  return now + pause / 2 + Duration(services_.scheduler.random() % (spread + 1));
}

void Patience::succeeded() {
  failures_ = 0;
  told_.clear();
}

}  // namespace tidemill::amqp

#include "amqp_source.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "topology.h"

namespace tidemill::amqp {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view consumer_tag = "tidemill";
constexpr std::uint64_t buffer_max = 16 << 20;
constexpr std::uint64_t buffer_min = 256 << 10;
// What the connection reads at once, which is handed on whole.
constexpr std::uint64_t read_bytes = 256 << 10;
constexpr std::uint64_t body_kept = 64 << 10;  // Of one that is too large.
// What an event takes besides its bytes.
constexpr std::uint64_t overhead = 256;
constexpr std::uint32_t prefetch_max = 8192;
constexpr auto idle_after = 500ms;
constexpr int idle_looks = 3;
constexpr auto look_at_lag_after = 10s;

bool is_not_found(const Error& error) {
  return error.message.find("NOT_FOUND") != std::string::npos;
}

}  // namespace

std::uint64_t buffer_bytes(const SourceConfig& config, std::uint64_t memory_bytes) {
  if (config.buffer) return config.buffer->value;
  if (memory_bytes == 0) return buffer_max;
  return std::clamp(memory_bytes / 8, buffer_min, buffer_max);
}

Result<std::unique_ptr<Source>> AmqpSource::make(SourceConfig config, Services services) {
  auto key = parse_key_rule(config.key);
  if (!key) return fail(Fault::bad_config, "key takes routing_key, header:NAME or .FIELD");
  auto link =
      Link::make(config, services, "reads " + config.queue, config.message_max.value, body_kept);
  if (!link) return std::unexpected(link.error());
  return std::unique_ptr<Source>(
      new AmqpSource(std::move(config), std::move(services), std::move(*link), std::move(*key)));
}

AmqpSource::AmqpSource(SourceConfig config, Services services, std::unique_ptr<Link> link,
                       KeyRule key)
    : config_(std::move(config)),
      services_(std::move(services)),
      link_(std::move(link)),
      rules_(std::make_shared<const EventRules>(
          EventRules{.source = "amqp://" + link_->place() + "/" + config_.queue,
                     .content_type = config_.content_type,
                     .key = std::move(key)})),
      buffer_(buffer_bytes(config_, services_.memory_bytes)),
      patience_(services_),
      news_(services_.scheduler) {}

SourceTraits AmqpSource::traits() const {
  return {
      .progress = ProgressKind::queue, .can_exhaust = true, .buffer_bytes = buffer_ + read_bytes};
}

bool AmqpSource::sees(std::string_view place) const {
  const std::string server = "amqp:" + link_->place();
  if (place == server + "/queue/" + config_.queue) return true;
  return std::ranges::any_of(config_.declare.bindings, [&](const std::string& binding) {
    return place == server + "/exchange/" + binding.substr(0, binding.find(':'));
  });
}

Task<Result<std::string>> AmqpSource::reach() {
  Result<> connected = co_await link_->connect(*this);
  if (!connected) co_return std::unexpected(connected.error());
  const auto ready = co_await count_ready(*link_->get(), config_.queue);
  co_await link_->close();
  const bool to_be_made = config_.declare.on() && !ready && is_not_found(ready.error());
  if (to_be_made) co_return "queue " + config_.queue + " is not there yet, and will be made";
  if (!ready) co_return std::unexpected(ready.error());
  co_return "queue " + config_.queue + " with " + std::to_string(*ready) + " messages to read";
}

Task<Result<>> AmqpSource::open(const Progress&) {
  if (link_->get() != nullptr) co_return Result<>();
  Result<> connected = co_await connect();
  co_return connected;
}

Task<Result<>> AmqpSource::connect() {
  forget();
  Result<> connected = co_await link_->connect(*this);
  if (!connected) co_return connected;
  Connection& connection = *link_->get();
  Result<> made;
  if (config_.declare.on()) made = co_await declare(connection, config_.queue, config_.declare);
  if (made) made = co_await look_at_lag();
  if (!made) co_await link_->close();
  co_return made;
}

// Until messages come. What is wrong with the queue now was right before: it is waited for.
Task<Result<>> AmqpSource::begin(Credit credit) {
  while (!interrupted_) {
    while (!interrupted_ && services_.scheduler.now() < again_)
      std::ignore = co_await news_.wait_until(again_);
    Result<> begun;
    if (link_->get() == nullptr) begun = co_await connect();
    if (begun) begun = co_await consume(credit);
    if (begun) {
      trouble_.clear();
      co_return begun;
    }
    if (interrupted_) break;
    trouble_ = begun.error().message;
    again_ = patience_.failed(trouble_);
  }
  co_return fail(Fault::cancelled, "interrupted");
}

// The first credit is all that the engine has room for; as much again may be on its way.
Task<Result<>> AmqpSource::consume(Credit credit) {
  const std::uint32_t prefetch =
      config_.prefetch.value_or(std::min<std::uint32_t>(2 * credit.events, prefetch_max));
  amqp_basic_qos_t qos{};
  qos.prefetch_count = static_cast<std::uint16_t>(prefetch);
  const auto limited =
      co_await link_->get()->call(AMQP_BASIC_QOS_METHOD, qos, AMQP_BASIC_QOS_OK_METHOD);
  if (!limited) co_return std::unexpected(limited.error());
  amqp_basic_consume_t fields{};
  fields.queue = bytes_of(config_.queue);
  fields.consumer_tag = bytes_of(consumer_tag);
  const auto begun =
      co_await link_->get()->call(AMQP_BASIC_CONSUME_METHOD, fields, AMQP_BASIC_CONSUME_OK_METHOD);
  if (!begun) co_return std::unexpected(begun.error());
  consuming_ = true;
  co_return Result<>();
}

Task<Result<PollEnd>> AmqpSource::poll(Credit credit, std::vector<Event>& out) {
  while (!interrupted_) {
    if (link_->get() == nullptr || !consuming_) {
      Result<> begun = co_await begin(credit);
      if (!begun) co_return std::unexpected(begun.error());
    }
    if (!arrived_.empty()) {
      take(credit, out);
      co_return PollEnd::more;
    }
    if (services_.until_idle) {
      const Result<bool> idle = co_await is_idle();
      if (idle && *idle) co_return PollEnd::exhausted;
      continue;
    }
    if (services_.scheduler.now() >= look_again_) {
      std::ignore = co_await look_at_lag();  // Where it fails, the connection is gone.
      continue;
    }
    std::ignore = co_await news_.wait_until(look_again_);
  }
  co_return fail(Fault::cancelled, "interrupted");
}

void AmqpSource::take(Credit credit, std::vector<Event>& out) {
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  while (!arrived_.empty() && credit.allows(arrived_.front().event.bytes(), taken, taken_bytes)) {
    Arrived& first = arrived_.front();
    ++taken;
    taken_bytes += first.event.bytes();
    arrived_bytes_ -= first.held;
    out.push_back(std::move(first.event));
    arrived_.pop_front();
  }
  if (lag_) *lag_ -= std::min(*lag_, taken);
  if (Connection* const connection = link_->get(); connection && arrived_bytes_ <= buffer_ / 2)
    connection->hold(false);
}

// Nothing has come for a while, and each time the broker had nothing: what it had sent before it
// was asked the first time has come by the second, and one that has just started may know of
// nothing for a moment.
Task<Result<bool>> AmqpSource::is_idle() {
  for (int look = 0; look < idle_looks; ++look) {
    const Instant later = services_.scheduler.now() + idle_after;
    while (!interrupted_ && arrived_.empty() && link_->get() && services_.scheduler.now() < later)
      std::ignore = co_await news_.wait_until(later);
    if (interrupted_ || !arrived_.empty() || link_->get() == nullptr) co_return false;
    Result<> looked = co_await look_at_lag();
    if (!looked) co_return std::unexpected(looked.error());
    if (*lag_ > 0 || !arrived_.empty()) co_return false;
  }
  co_return true;
}

Task<Result<>> AmqpSource::look_at_lag() {
  look_again_ = services_.scheduler.now() + look_at_lag_after;
  const auto ready = co_await count_ready(*link_->get(), config_.queue);
  if (!ready) co_return std::unexpected(ready.error());
  lag_ = *ready + arrived_.size();
  co_return Result<>();
}

void AmqpSource::on_content(Content& content) {
  if (!book_.deliver(content.tag)) {
    link_->get()->lose(
        Error{Fault::unavailable, link_->place() + ": a delivery is out of its order", {}});
    return;
  }
  ++seen_;
  if (interrupted_) return give_back(content.tag, true);
  if (!arena_ || arena_->full()) arena_ = std::make_shared<MessageArena>(rules_);
  Event event = arena_->event_of(content, services_.scheduler.wall());
  event.offset = Offset(base_ + content.tag);
  event.offset_next = Offset(event.offset.value + 1);
  const std::uint64_t held = event.bytes() + content.properties.size() + overhead;
  arrived_bytes_ += held;
  arrived_.push_back({std::move(event), held});
  if (arrived_bytes_ >= buffer_) link_->get()->hold(true);
  news_.notify();
}

void AmqpSource::on_method(amqp_method_number_t id, const void*) {
  if (id == AMQP_BASIC_CANCEL_METHOD && link_->get() != nullptr)
    link_->get()->lose(Error{Fault::unavailable,
                             link_->place() + ": the broker has ended the reading of queue " +
                                 config_.queue + ": it was deleted, or its node is gone",
                             {}});
}

// What waits here comes again, and what is under way too: its tags mean nothing any more.
void AmqpSource::on_lost(const Error& error) {
  forget();
  if (error.fault == Fault::cancelled) return;
  trouble_ = error.message;
  again_ = patience_.failed(trouble_);
  news_.notify();
}

void AmqpSource::forget() {
  arrived_.clear();
  arrived_bytes_ = 0;
  book_ = AckBook();
  base_ = seen_;
  consuming_ = false;
}

void AmqpSource::give_back(std::uint64_t tag, bool to_the_queue) {
  if (!book_.end(tag)) return;
  amqp_basic_reject_t fields{};
  fields.delivery_tag = tag;
  fields.requeue = to_the_queue ? 1 : 0;
  if (Connection* const connection = link_->get())
    connection->send(AMQP_BASIC_REJECT_METHOD, fields);
}

// What was not begun may be done by another consumer at once; what is under way is settled before
// close(), or goes back then.
void AmqpSource::interrupt() {
  interrupted_ = true;
  if (Connection* const connection = link_->get(); connection && consuming_) {
    amqp_basic_cancel_t fields{};
    fields.consumer_tag = bytes_of(consumer_tag);
    fields.nowait = 1;
    connection->send(AMQP_BASIC_CANCEL_METHOD, fields);
    for (const Arrived& one : arrived_) give_back(one.event.offset.value - base_, true);
    connection->hold(false);
  }
  arrived_.clear();
  arrived_bytes_ = 0;
  link_->abandon();
  news_.notify();
}

Task<Result<>> AmqpSource::settle(std::span<const Settled> settled) {
  for (const Settled& one : settled) {
    if (one.offset.value <= base_) continue;  // Of a connection that is gone.
    const std::uint64_t tag = one.offset.value - base_;
    if (one.refused.empty()) {
      book_.settle(tag);
    } else {
      give_back(tag, false);
    }
  }
  send_acks();
  co_return Result<>();
}

void AmqpSource::send_acks() {
  const AckBook::Acks acks = book_.take();
  Connection* const connection = link_->get();
  if (connection == nullptr || (!acks.up_to && acks.single.empty())) return;
  patience_.succeeded();
  amqp_basic_ack_t fields{};
  if (acks.up_to) {
    fields.delivery_tag = *acks.up_to;
    fields.multiple = 1;
    connection->send(AMQP_BASIC_ACK_METHOD, fields);
  }
  fields.multiple = 0;
  for (const std::uint64_t tag : acks.single) {
    fields.delivery_tag = tag;
    connection->send(AMQP_BASIC_ACK_METHOD, fields);
  }
}

Task<> AmqpSource::close() {
  interrupted_ = true;
  co_await link_->close();
}

}  // namespace tidemill::amqp

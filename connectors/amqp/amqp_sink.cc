#include "amqp_sink.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "outgoing.h"
#include "properties.h"
#include "topology.h"

namespace tidemill::amqp {
namespace {

constexpr std::size_t routing_key_max = 255;
constexpr std::size_t unsent_max = 1 << 20;
// After a broker was away its readers connect again, too, and declare queues and bindings anew.
constexpr auto readers_return_within = std::chrono::seconds(30);

}  // namespace

Result<std::unique_ptr<Sink>> AmqpSink::make(SinkConfig config, Services services) {
  std::shared_ptr<const EventExpression> routing_key;
  if (!config.routing_key.empty()) {
    auto compiled = services.compile(config.routing_key);
    if (!compiled) return fail(Fault::bad_config, "routing_key: " + compiled.error().message);
    routing_key = std::move(*compiled);
  }
  const std::string target = config.queue.empty() ? config.exchange : config.queue;
  auto link = Link::make(config, services, "writes to " + target, config.message_max.value, 0);
  if (!link) return std::unexpected(link.error());
  return std::unique_ptr<Sink>(new AmqpSink(std::move(config), std::move(services),
                                            std::move(*link), std::move(routing_key)));
}

AmqpSink::AmqpSink(SinkConfig config, Services services, std::unique_ptr<Link> link,
                   std::shared_ptr<const EventExpression> routing_key)
    : config_(std::move(config)),
      services_(std::move(services)),
      link_(std::move(link)),
      routing_key_(std::move(routing_key)) {}

SinkTraits AmqpSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = true};
}

std::string AmqpSink::place() const {
  const bool is_queue = !config_.queue.empty();
  return "amqp:" + link_->place() + (is_queue ? "/queue/" : "/exchange/") +
         (is_queue ? config_.queue : config_.exchange);
}

std::string AmqpSink::of_place(std::string_view sentence) const {
  return place() + ": " + std::string(sentence);
}

Task<Result<>> AmqpSink::find_place() {
  if (config_.queue.empty()) {
    Result<> found = co_await find_exchange(*link_->get(), config_.exchange);
    co_return found;
  }
  const auto found = co_await count_ready(*link_->get(), config_.queue);
  if (!found) co_return std::unexpected(found.error());
  co_return Result<>();
}

Task<Result<std::string>> AmqpSink::reach() {
  Result<> reached = co_await link_->connect(*this);
  if (reached) reached = co_await find_place();
  co_await link_->close();
  if (!reached) co_return std::unexpected(reached.error());
  co_return (config_.queue.empty() ? "exchange " + config_.exchange : "queue " + config_.queue) +
      " is there";
}

Task<Result<>> AmqpSink::open() {
  connecting_ = true;
  Result<> connected = co_await connect();
  connecting_ = false;
  co_return connected;
}

Task<Result<>> AmqpSink::connect() {
  Result<> connected = co_await link_->connect(*this);
  if (!connected) co_return connected;
  Result<> found = co_await find_place();
  if (found) {
    amqp_confirm_select_t fields{};
    const auto selected = co_await link_->get()->call(AMQP_CONFIRM_SELECT_METHOD, fields,
                                                      AMQP_CONFIRM_SELECT_OK_METHOD);
    if (!selected) found = std::unexpected(selected.error());
  }
  if (!found) co_await link_->close();
  if (found && std::exchange(was_lost_, false))
    readers_return_by_ = services_.scheduler.now() + readers_return_within;
  co_return found;
}

Task<std::vector<Result<>>> AmqpSink::write(SinkBatch batch) {
  const std::size_t count = batch.effects.size();
  if (link_->get() == nullptr || connecting_) {
    // One of them opens it again; the others come again.
    Result<> opened = fail(Fault::unavailable, of_place("it is being connected again"));
    if (!connecting_) opened = co_await open();
    // What is wrong with the place now was right before: no message is to blame.
    if (!opened)
      co_return std::vector<Result<>>(count, fail(Fault::unavailable, opened.error().message));
  }
  auto work = [this, batch] {
    std::vector<Result<std::string>> keys;
    keys.reserve(batch.effects.size());
    for (const Effect& effect : batch.effects) keys.push_back(routing_key_of(batch, effect));
    return keys;
  };
  std::vector<Result<std::string>> keys;
  if (routing_key_ == nullptr) {
    keys = work();
  } else {
    keys = co_await run_blocking(services_.scheduler, std::move(work));
  }
  auto pending = std::make_shared<Pending>(services_.scheduler, count);
  co_await publish_all(batch, std::move(keys), pending);
  const Instant late = services_.scheduler.now() + config_.delivery_timeout;
  while (pending->left > 0) {
    std::ignore = co_await pending->changed.wait_until(late);
    if (pending->left == 0 || services_.scheduler.now() < late) continue;
    // Which of them it has is not known: on the next connection all of them are sent again.
    if (Connection* const connection = link_->get())
      connection->lose(Error{Fault::unavailable, why_it_waits(), {}});
  }
  co_return std::move(pending->results);
}

Task<> AmqpSink::publish_all(SinkBatch batch, std::vector<Result<std::string>> keys,
                             std::shared_ptr<Pending> pending) {
  const Instant late = services_.scheduler.now() + config_.delivery_timeout;
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    const Waiter waiter{pending, i};
    const bool room = co_await has_room(pending, late);
    Connection* const connection = link_->get();
    if (!room || connection == nullptr || connecting_) {
      settle(waiter, fail(Fault::unavailable, why_it_waits()));
      continue;
    }
    if (!keys[i]) {
      settle(waiter, std::unexpected(keys[i].error()));
      continue;
    }
    std::string id = message_id_of(batch, batch.effects[i]);
    Result<> published = publish(batch, batch.effects[i], *keys[i], id);
    if (published) {
      book_.publish(waiter, std::move(id));
    } else {
      settle(waiter, std::move(published));
    }
  }
}

std::string AmqpSink::why_it_waits() const {
  const Connection* const connection = link_->get();
  if (connection == nullptr || connecting_) return of_place("it is being connected again");
  if (connection->blocked().empty()) return of_place("the broker confirms nothing");
  return of_place("the broker takes no messages at the moment: " + connection->blocked());
}

// False: there is none, by then.
Task<bool> AmqpSink::has_room(std::shared_ptr<Pending> pending, Instant late) {
  for (;;) {
    Connection* const connection = link_->get();
    if (connection == nullptr || connecting_) co_return false;
    if (connection->blocked().empty() && connection->unsent() < unsent_max) co_return true;
    if (services_.scheduler.now() >= late) co_return false;
    cramped_.push_back(pending);
    std::ignore = co_await pending->changed.wait_until(late);
  }
}

Result<> AmqpSink::publish(const SinkBatch& batch, const Effect& effect,
                           const std::string& routing_key, const std::string& id) {
  if (effect.data.size() > config_.message_max.value)
    return fail(Fault::bad_event, of_place("a message of " + std::to_string(effect.data.size()) +
                                           " bytes is larger than message_max"));
  const OutgoingMessage message(batch, effect, id, config_.persistent, config_.forward_headers);
  amqp_basic_publish_t fields{};
  fields.exchange = bytes_of(config_.exchange);
  fields.routing_key = bytes_of(routing_key);
  fields.mandatory = config_.mandatory ? 1 : 0;
  if (!message.well_named() || !link_->get()->publish(fields, message.properties(), effect.data))
    return fail(Fault::bad_event,
                of_place("the headers of a message do not fit into a frame, or one of its names "
                         "or its content type has more than 255 bytes"));
  return {};
}

Result<std::string> AmqpSink::routing_key_of(const SinkBatch& batch, const Effect& effect) const {
  if (!config_.queue.empty()) return config_.queue;
  const Event& event = batch.events[effect.event];
  std::string key(effect.key.empty() ? event.key : effect.key);
  if (routing_key_ != nullptr) {
    auto given = routing_key_->text(event, effect);
    if (!given) return fail(given.error().fault, "routing_key: " + given.error().message);
    key = std::move(*given);
  }
  if (key.size() > routing_key_max)
    return fail(Fault::bad_event,
                "routing_key: it has more than 255 bytes, and AMQP takes no more");
  return key;
}

void AmqpSink::settle(const Waiter& waiter, Result<> result) {
  waiter.pending->results[waiter.index] = std::move(result);
  if (--waiter.pending->left == 0) waiter.pending->changed.notify();
}

// A broker gives back what no queue takes, and then confirms it.
void AmqpSink::on_content(Content& content) {
  const auto properties = parse_properties(content.properties);
  if (!content.returned || !properties) return;
  book_.give_back(properties->message_id,
                  "no queue takes what goes to exchange '" + content.exchange +
                      "' with routing key '" + content.routing_key + "' (" +
                      std::to_string(content.reply_code) + " " + content.reply_text +
                      "); bind one, or say mandatory: false");
}

void AmqpSink::on_method(amqp_method_number_t id, const void* fields) {
  if (id == AMQP_BASIC_ACK_METHOD) {
    const auto& ack = *static_cast<const amqp_basic_ack_t*>(fields);
    const bool early = services_.scheduler.now() < readers_return_by_;
    const Fault fault = early ? Fault::unavailable : Fault::transient;
    book_.confirm(ack.delivery_tag, ack.multiple != 0, [&](const auto& entry) {
      if (entry.returned.empty()) return settle(entry.waiter, {});
      settle(entry.waiter, fail(fault, of_place(entry.returned)));
    });
  } else if (id == AMQP_BASIC_NACK_METHOD) {
    const auto& nack = *static_cast<const amqp_basic_nack_t*>(fields);
    book_.confirm(nack.delivery_tag, nack.multiple != 0, [this](const auto& entry) {
      settle(entry.waiter,
             fail(Fault::transient, of_place("the broker refused a message: a queue is full, or "
                                             "one of its nodes is in trouble")));
    });
  }
}

void AmqpSink::on_room() {
  for (const auto& pending : std::exchange(cramped_, {})) pending->changed.notify();
}

void AmqpSink::on_lost(const Error& error) {
  // Whoever writes tells of it, as long as it lasts.
  services_.log.write(LogLevel::debug, services_.pipeline + ": " + error.message);
  was_lost_ = true;
  book_.abandon(
      [&](const auto& entry) { settle(entry.waiter, fail(Fault::unavailable, error.message)); });
  on_room();
}

Task<> AmqpSink::close() { co_await link_->close(); }

}  // namespace tidemill::amqp

#include "kafka_sink.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

#include "client_properties.h"
#include "kafka_source.h"

namespace tidemill::kafka {
namespace {

constexpr auto look_again_after = std::chrono::seconds(1);
constexpr auto give_up_after = std::chrono::seconds(2);
constexpr int flush_ms = 5;  // By then what it is about has left.

std::string_view key_of(const SinkBatch& batch, const Effect& effect) {
  return effect.key.empty() ? batch.events[effect.event].key : effect.key;
}

}  // namespace

KafkaSink::KafkaSink(SinkConfig config, Services services, std::string transactional_id)
    : config_(std::move(config)),
      services_(std::move(services)),
      transactional_id_(std::move(transactional_id)),
      watch_(services_.scheduler),
      emptied_(services_.scheduler),
      pump_ended_(services_.scheduler),
      hurry_ended_(services_.scheduler) {}

KafkaSink::~KafkaSink() {
  if (queue_) rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
}

SinkTraits KafkaSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = true};
}

std::string KafkaSink::place() const { return place_of_topic(config_, config_.topic); }

Result<> KafkaSink::connect() {
  wake_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake_) return fail_errno(Fault::transient, "no eventfd");
  auto properties = producer_properties(config_, transactional_id_);
  if (!properties) return std::unexpected(properties.error());
  auto client = Client::make(RD_KAFKA_PRODUCER, std::move(*properties), services_.log);
  if (!client) return std::unexpected(client.error());
  client_ = std::move(*client);
  return {};
}

Task<Result<std::string>> KafkaSink::reach() {
  auto look = [this] {
    return reach_topic(RD_KAFKA_PRODUCER, producer_properties(config_), config_.topic,
                       services_.log);
  };
  auto reached = co_await run_blocking(services_.scheduler, std::move(look));
  co_return reached;
}

Task<Result<>> KafkaSink::open() {
  opening_ = broken_ = true;
  Result<> opened = co_await open_anew();
  opening_ = false;
  broken_ = !opened;
  co_return opened;
}

Task<Result<>> KafkaSink::open_anew() {
  co_await release();
  Result<> connected = connect();
  if (!connected) co_return connected;
  auto ask = [client = client_, this] { return client->partitions_of(config_.topic); };
  const auto count = co_await run_blocking(services_.scheduler, std::move(ask));
  if (!count) {
    co_await release();
    co_return fail(count.error().fault, place() + ": " + count.error().message);
  }
  queue_.reset(rd_kafka_queue_get_main(client_->get()));
  static const std::uint64_t one = 1;  // An eventfd takes eight bytes.
  rd_kafka_queue_io_event_enable(queue_.get(), wake_.get(), &one, sizeof one);
  stopping_ = false;
  pumping_ = true;
  spawn(services_.scheduler, pump());
  co_return Result<>();
}

Task<> KafkaSink::pump() {
  while (!stopping_) {
    std::uint64_t times = 0;
    std::ignore = ::read(wake_.get(), &times, sizeof times);
    take_answers();
    watch_.listen(wake_.get());
    const Instant again = services_.scheduler.now() + look_again_after;
    const bool news = co_await watch_.news().wait_until(again);
    // A flush is over before a connection is there, or a thread that the machine lets wait.
    if (!news && !stopping_ && under_way_ > 0) hurry_up();
  }
  pumping_ = false;
  pump_ended_.notify();
}

void KafkaSink::take_answers() {
  bool some = false;
  while (const EventHandle event{rd_kafka_queue_poll(queue_.get(), 0)}) {
    const auto type = rd_kafka_event_type(event.get());
    if (type == RD_KAFKA_EVENT_ERROR) {
      if (rd_kafka_event_error_is_fatal(event.get())) broken_ = true;
      services_.log.write(LogLevel::warning,
                          place() + ": " + rd_kafka_event_error_string(event.get()));
    }
    if (type != RD_KAFKA_EVENT_DR) continue;
    while (const rd_kafka_message_t* const message = rd_kafka_event_message_next(event.get())) {
      const std::unique_ptr<Ticket> ticket(static_cast<Ticket*>(message->_private));
      Pending& pending = *ticket->pending;
      const Result<>& result = pending.results[ticket->index] = outcome(message->err);
      pending.refused[ticket->index] = !result && result.error().fault == Fault::bad_event;
      --under_way_;
      some = true;
      if (--pending.left == 0) pending.answered.notify();
    }
  }
  if (some)
    for (const auto& waiting : std::exchange(full_for_, {})) waiting->answered.notify();
  // Whoever waits behind a producer that is broken has it opened again.
  if (broken_ || (some && under_way_ == 0)) end_round();
}

void KafkaSink::end_round() {
  ++round_;
  for (const auto& waiting : std::exchange(waiting_, {})) waiting->answered.notify();
  emptied_.notify();
}

Result<> KafkaSink::outcome(rd_kafka_resp_err_t error) const {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  Fault fault = fault_of(error);
  // Brokers that are away are no record's fault: it waits for them, however long that takes.
  if (fault == Fault::transient) fault = Fault::unavailable;
  return fail(fault, place() + ": " + rd_kafka_err2str(error));
}

Task<std::vector<Result<>>> KafkaSink::write(SinkBatch batch) {
  auto pending = std::make_shared<Pending>(services_.scheduler, batch.effects.size());
  co_await next_round(pending);
  if (broken_ || opening_) {
    // One of them opens it again; the others come again.
    Result<> opened = fail(Fault::unavailable, place() + " is being opened again");
    if (!opening_) opened = co_await open();
    if (!opened)
      co_return std::vector<Result<>>(batch.effects.size(), std::unexpected(opened.error()));
  }
  for (std::size_t i = 0; i < batch.effects.size(); ++i) co_await send(batch, i, pending);
  co_await answers_to(pending);
  co_await send_apart(batch, pending);
  co_return std::move(pending->results);
}

Task<std::vector<Result<>>> KafkaSink::write_in_transaction(SinkBatch batch,
                                                            std::set<std::string>& suspects) {
  const Error put_off{Fault::unavailable, place() + ": the transaction has failed", {}};
  auto pending = std::make_shared<Pending>(services_.scheduler, batch.effects.size());
  bool failed = broken_;
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    const bool alone = suspects.contains(effect_id(batch, batch.effects[i]));
    if (alone) co_await answers_to(pending);
    if (failed || (alone && std::ranges::find(pending->refused, true) != pending->refused.end())) {
      pending->results[i] = std::unexpected(put_off);
      continue;
    }
    co_await send(batch, i, pending);
    if (alone) co_await answers_to(pending);
    if (alone) failed = !pending->results[i];
    if (alone) pending->refused[i] = false;  // It was, itself.
  }
  co_await answers_to(pending);
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    if (!pending->refused[i]) continue;
    suspects.insert(effect_id(batch, batch.effects[i]));
    pending->results[i] = fail(Fault::unavailable, pending->results[i].error().message);
  }
  co_return std::move(pending->results);
}

// While records are under way, others wait for the end of that round and then go out together. For
// a partition older librdkafkas have one request under way at a time, and look for the next one's
// turn on a whole core while there are records for it.
Task<> KafkaSink::next_round(std::shared_ptr<Pending> pending) {
  if (under_way_ == 0 || broken_ || opening_) co_return;
  waiting_.push_back(pending);
  for (const std::uint64_t round = round_; round_ == round;) co_await pending->answered.wait();
}

Task<> KafkaSink::answers_to(std::shared_ptr<Pending> pending) {
  if (pending->left > 0) hurry_up();
  while (pending->left > 0) co_await pending->answered.wait();
}

void KafkaSink::hurry_up() {
  unsent_ = true;
  if (!std::exchange(hurrying_, true)) spawn(services_.scheduler, hurry());
}

// A round is complete once those who waited for it have had their turn: nothing is to be waited for
// then, so it goes out before `linger.ms` has passed.
Task<> KafkaSink::hurry() {
  co_await sleep_until(services_.scheduler, services_.scheduler.now());
  while (std::exchange(unsent_, false)) {
    auto flush = [client = client_] { return rd_kafka_flush(client->get(), flush_ms); };
    std::ignore = co_await run_blocking(services_.scheduler, std::move(flush));
  }
  hurrying_ = false;
  hurry_ended_.notify();
}

// A broker refuses a whole batch of records for one of them. So those are sent again one by one,
// with what has to stay behind them.
Task<> KafkaSink::send_apart(SinkBatch batch, std::shared_ptr<Pending> pending) {
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    const std::string_view key = key_of(batch, batch.effects[i]);
    if (!pending->refused[i] && !keys.contains(key)) continue;
    if (!key.empty()) keys.insert(key);
    co_await send(batch, i, pending);
    co_await answers_to(pending);
  }
}

Task<> KafkaSink::send(SinkBatch batch, std::size_t index, std::shared_ptr<Pending> pending) {
  auto ticket = std::make_unique<Ticket>(Ticket{pending, index});
  auto error = produce(batch, batch.effects[index], ticket);
  while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && under_way_ > 0) {
    full_for_.push_back(pending);
    co_await pending->answered.wait();
    // Another write may have found the producer broken meanwhile.
    error = broken_ || opening_ ? RD_KAFKA_RESP_ERR__DESTROY
                                : produce(batch, batch.effects[index], ticket);
  }
  if (error) {
    pending->results[index] = outcome(error);
    co_return;
  }
  std::ignore = ticket.release();  // Comes back with the answer.
  ++pending->left;
  ++under_way_;
}

rd_kafka_resp_err_t KafkaSink::produce(const SinkBatch& batch, const Effect& effect,
                                       std::unique_ptr<Ticket>& ticket) {
  const std::string_view key = key_of(batch, effect);
  rd_kafka_headers_t* const headers = rd_kafka_headers_new(4);
  bool tombstone = false;
  add_headers(*headers, batch, effect, tombstone);
  std::array<rd_kafka_vu_t, 6> values{};
  values[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  values[0].u.cstr = config_.topic.c_str();
  values[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  values[1].u.i = RD_KAFKA_MSG_F_COPY;
  values[2].vtype = RD_KAFKA_VTYPE_VALUE;
  // A record without a value is not one with an empty value.
  values[2].u.mem.ptr =
      tombstone ? nullptr : const_cast<char*>(effect.data.empty() ? "" : effect.data.data());
  values[2].u.mem.size = tombstone ? 0 : effect.data.size();
  values[3].vtype = RD_KAFKA_VTYPE_KEY;
  values[3].u.mem.ptr = key.empty() ? nullptr : const_cast<char*>(key.data());
  values[3].u.mem.size = key.size();
  values[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
  values[4].u.ptr = ticket.get();
  values[5].vtype = RD_KAFKA_VTYPE_HEADERS;
  values[5].u.headers = headers;
  const Failure refused(rd_kafka_produceva(client_->get(), values.data(), values.size()));
  if (!refused) return RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_headers_destroy(headers);  // Not taken, then.
  return rd_kafka_error_code(refused.get());
}

void KafkaSink::add_headers(rd_kafka_headers_t& headers, const SinkBatch& batch,
                            const Effect& effect, bool& tombstone) const {
  const auto add = [&headers](std::string_view name, std::string_view value) {
    rd_kafka_header_add(&headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  };
  const auto add_all = [&](std::span<const Attribute> attributes) {
    for (const Attribute& one : attributes) {
      if (one.name == "tombstone" && one.value == "true") tombstone = true;
      if (one.name != "tombstone" && one.name != "tidemill-id") add(one.name, one.value);
    }
  };
  add("tidemill-id", effect_id(batch, effect));
  if (!effect.content_type.empty()) add("content-type", effect.content_type);
  add_all(effect.metadata);
  if (config_.forward_headers) add_all(batch.events[effect.event].extensions);
}

Task<> KafkaSink::release() {
  if (pumping_ && under_way_ > 0) {
    rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    const Instant deadline = services_.scheduler.now() + give_up_after;
    while (under_way_ > 0 && services_.scheduler.now() < deadline)
      co_await emptied_.wait_until(deadline);
  }
  while (hurrying_) co_await hurry_ended_.wait();
  stopping_ = true;
  watch_.news().notify();
  while (pumping_) co_await pump_ended_.wait();
  under_way_ = 0;  // The end of the client takes along what it has not answered.
  end_round();
  watch_.stop();
  if (queue_) rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
  queue_.reset();
  auto end = [client = std::move(client_)]() mutable {
    if (client) let_go(std::move(client));
    return true;
  };
  std::ignore = co_await run_blocking(services_.scheduler, std::move(end));
  wake_ = Descriptor();
}

Task<> KafkaSink::close() { co_await release(); }

}  // namespace tidemill::kafka

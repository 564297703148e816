#include "connection.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace tidemill::amqp {
namespace {

constexpr auto connect_within = std::chrono::seconds(10);
constexpr auto answer_within = std::chrono::seconds(30);
constexpr auto goodbye_within = std::chrono::seconds(2);
constexpr std::string_view protocol_header{"AMQP\0\0\x09\x01", 8};
constexpr std::size_t body_reserved_max = 1 << 20;

// What a broker's word means for whoever asked for it.
Fault fault_of(std::uint16_t code, std::string_view text) {
  // A queue whose node is away is not one that is not there.
  if (text.find("down or inaccessible") != text.npos) return Fault::unavailable;
  switch (code) {
    case AMQP_ACCESS_REFUSED:
    case AMQP_NOT_FOUND:
    case AMQP_PRECONDITION_FAILED:
    case AMQP_NOT_ALLOWED:
    case AMQP_NOT_IMPLEMENTED:
      return Fault::bad_config;
    default:
      return Fault::unavailable;
  }
}

amqp_table_entry_t flag(std::string_view name) {
  amqp_table_entry_t entry{};
  entry.key = bytes_of(name);
  entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  entry.value.value.boolean = 1;
  return entry;
}

amqp_table_entry_t text(std::string_view name, std::string_view value) {
  amqp_table_entry_t entry{};
  entry.key = bytes_of(name);
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes_of(value);
  return entry;
}

}  // namespace

Connection::Connection(Scheduler& scheduler, ConnectionOptions options, Receiver& receiver)
    : scheduler_(scheduler),
      options_(std::move(options)),
      receiver_(&receiver),
      wire_(make_wire(scheduler, options_.broker, options_.tls)),
      answered_(scheduler),
      resumed_(scheduler),
      beat_(scheduler),
      ended_(scheduler) {}

std::string Connection::of_broker(std::string_view sentence) const {
  return options_.broker.text() + ": " + std::string(sentence);
}

Task<Result<>> Connection::open() {
  const auto self = shared_from_this();
  Result<> connected = co_await wire_->connect(scheduler_.now() + connect_within);
  if (!connected) {
    lose(connected.error());
    co_return connected;
  }
  last_read_ = last_write_ = scheduler_.now();
  reading_ = true;
  spawn(scheduler_, pump(self));
  Result<> shaken = co_await shake_hands();
  if (!shaken) {
    lose(shaken.error());
    co_return shaken;
  }
  open_ = true;
  beating_ = true;
  spawn(scheduler_, beat(self));
  co_return Result<>();
}

Task<Result<>> Connection::shake_hands() {
  out_ = protocol_header;
  flush();
  Pool pool;
  const auto started = co_await answer_of(AMQP_CONNECTION_START_METHOD);
  if (!started) co_return std::unexpected(started.error());
  const auto* const start =
      pool.read<amqp_connection_start_t>(AMQP_CONNECTION_START_METHOD, *started);
  if (start == nullptr) co_return fail(Fault::unavailable, of_broker("its greeting is broken"));
  const std::string mechanisms = " " + std::string(text_of(start->mechanisms)) + " ";
  if (mechanisms.find(" PLAIN ") == mechanisms.npos)
    co_return fail(Fault::bad_config,
                   of_broker("it takes no logins by the mechanism PLAIN, but:" + mechanisms));
  start_ok();

  const auto tuned = co_await answer_of(AMQP_CONNECTION_TUNE_METHOD);
  if (!tuned) co_return std::unexpected(tuned.error());
  const auto* const tune = pool.read<amqp_connection_tune_t>(AMQP_CONNECTION_TUNE_METHOD, *tuned);
  if (tune == nullptr) co_return fail(Fault::unavailable, of_broker("its answer is broken"));
  amqp_connection_tune_ok_t wanted{};
  wanted.channel_max = 1;
  wanted.frame_max = tune->frame_max == 0 ? frame_max : std::min(tune->frame_max, frame_max);
  wanted.heartbeat = tune->heartbeat == 0 ? options_.heartbeat_seconds
                                          : std::min(tune->heartbeat, options_.heartbeat_seconds);
  frame_bytes_ = std::max<std::uint32_t>(wanted.frame_max, 4096);
  heartbeat_seconds_ = wanted.heartbeat;
  append_method(out_, 0, AMQP_CONNECTION_TUNE_OK_METHOD, &wanted);
  amqp_connection_open_t host{};
  host.virtual_host = bytes_of(options_.vhost);
  if (!append_method(out_, 0, AMQP_CONNECTION_OPEN_METHOD, &host))
    co_return fail(Fault::bad_config, "vhost has more than 255 bytes");
  flush();
  const auto opened = co_await answer_of(AMQP_CONNECTION_OPEN_OK_METHOD);
  if (!opened) co_return std::unexpected(opened.error());
  amqp_channel_open_t own{};
  const auto channeled = co_await call(AMQP_CHANNEL_OPEN_METHOD, own, AMQP_CHANNEL_OPEN_OK_METHOD);
  if (!channeled) co_return std::unexpected(channeled.error());
  co_return Result<>();
}

void Connection::start_ok() {
  std::array capabilities{flag("authentication_failure_close"), flag("basic.nack"),
                          flag("connection.blocked"), flag("consumer_cancel_notify"),
                          flag("publisher_confirms")};
  std::array<amqp_table_entry_t, 4> about{text("product", "tidemill"),
                                          text("platform", "C++"),
                                          text("connection_name", options_.name),
                                          {}};
  about[3].key = bytes_of("capabilities");
  about[3].value.kind = AMQP_FIELD_KIND_TABLE;
  about[3].value.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
  std::string login;
  login.append(1, '\0').append(options_.username).append(1, '\0').append(options_.password.value);
  amqp_connection_start_ok_t fields{};
  fields.client_properties = {static_cast<int>(about.size()), about.data()};
  fields.mechanism = bytes_of("PLAIN");
  fields.response = bytes_of(login);
  fields.locale = bytes_of("en_US");
  append_method(out_, 0, AMQP_CONNECTION_START_OK_METHOD, &fields);
  flush();
}

bool Connection::publish(const amqp_basic_publish_t& fields,
                         const amqp_basic_properties_t& properties, std::string_view body) {
  const std::size_t before = out_.size();
  if (!append_method(out_, channel, AMQP_BASIC_PUBLISH_METHOD, &fields)) return false;
  if (!append_content(out_, channel, properties, body, frame_bytes_)) {
    out_.resize(before);
    return false;
  }
  flush();
  return true;
}

Task<Result<std::string>> Connection::answer_of(amqp_method_number_t id) {
  awaited_ = id;
  const Instant deadline = scheduler_.now() + answer_within;
  while (!answer_ && !lost_ && !calls_end_ && scheduler_.now() < deadline)
    std::ignore = co_await answered_.wait_until(deadline);
  awaited_ = 0;
  if (answer_) {
    std::string arguments = std::move(*answer_);
    answer_.reset();
    co_return arguments;
  }
  if (!lost_ && calls_end_) co_return fail(Fault::cancelled, "interrupted");
  if (!lost_) lose_to("it does not answer");
  co_return std::unexpected(*lost_);
}

void Connection::flush() {
  if (writing_ || lost_ || out_.empty()) return;
  writing_ = true;
  spawn(scheduler_, write_out(shared_from_this()));
}

Task<> Connection::write_out(std::shared_ptr<Connection> self) {
  while (!self->out_.empty() && !self->lost_) {
    self->leaving_.swap(self->out_);
    Result<> written = co_await self->wire_->write(self->leaving_);
    // Of a large message nothing is kept.
    if (self->leaving_.capacity() > body_reserved_max) self->leaving_ = std::string();
    self->leaving_.clear();
    self->last_write_ = self->scheduler_.now();
    if (!written) self->lose(written.error());
    if (!self->lost_ && self->receiver_ != nullptr) self->receiver_->on_room();
  }
  self->writing_ = false;
  self->ended_.notify();
}

Task<> Connection::pump(std::shared_ptr<Connection> self) {
  while (!self->lost_) {
    if (self->held_) {
      co_await self->resumed_.wait();
      continue;
    }
    const Result<std::size_t> got = co_await self->wire_->read(self->frames_.room());
    if (!got) {
      self->lose(got.error());
      break;
    }
    self->last_read_ = self->scheduler_.now();
    self->frames_.filled(*got);
    while (const auto frame = self->frames_.next()) {
      self->on_frame(*frame);
      if (self->lost_) break;
    }
    if (self->frames_.broken()) self->lose_to("it does not speak AMQP 0-9-1 on this port");
  }
  self->reading_ = false;
  self->ended_.notify();
}

// A broker takes a client for dead after two heartbeats that did not come, and we the broker.
Task<> Connection::beat(std::shared_ptr<Connection> self) {
  const auto interval = std::chrono::seconds(self->heartbeat_seconds_);
  while (!self->lost_ && self->heartbeat_seconds_ > 0) {
    const Instant now = self->scheduler_.now();
    if (now - self->last_write_ >= interval / 2) {
      if (self->out_.empty()) append_heartbeat(self->out_);
      self->flush();
    }
    if (!self->held_ && now - self->last_read_ > 2 * interval) {
      self->lose_to("there was no sign of life for " +
                    std::to_string(2 * self->heartbeat_seconds_) + " s");
      break;
    }
    std::ignore = co_await self->beat_.wait_until(now + interval / 2);
  }
  self->beating_ = false;
  self->ended_.notify();
}

void Connection::stop_calls() {
  calls_end_ = true;
  answered_.notify();
}

void Connection::hold(bool held) {
  if (std::exchange(held_, held) == held) return;
  last_read_ = scheduler_.now();
  resumed_.notify();
}

void Connection::lose_to(std::string_view sentence) {
  lose(Error{Fault::unavailable, of_broker(sentence), {}});
}

void Connection::lose(Error error) {
  if (lost_) return;
  lost_ = std::move(error);
  wire_->close();
  answered_.notify();
  resumed_.notify();
  beat_.notify();
  if (receiver_ != nullptr && open_) receiver_->on_lost(*lost_);
}

Task<> Connection::close() {
  const auto self = shared_from_this();
  receiver_ = nullptr;
  held_ = false;
  resumed_.notify();
  const Instant deadline = scheduler_.now() + goodbye_within;
  if (up()) {
    amqp_connection_close_t fields{};
    fields.reply_code = AMQP_REPLY_SUCCESS;
    append_method(out_, 0, AMQP_CONNECTION_CLOSE_METHOD, &fields);
    flush();
    while (!lost_ && scheduler_.now() < deadline)
      std::ignore = co_await answered_.wait_until(deadline);
  }
  lose(Error{Fault::cancelled, of_broker("it was closed"), {}});
  while (reading_ || writing_ || beating_) co_await ended_.wait();
}

void Connection::on_frame(const Frame& frame) {
  switch (frame.type) {
    case AMQP_FRAME_METHOD:
      on_method(frame);
      break;
    case AMQP_FRAME_HEADER:
      on_header(frame.payload);
      break;
    case AMQP_FRAME_BODY:
      on_body(frame.payload);
      break;
    default:
      break;  // A heartbeat: it came, and that is all it says.
  }
}

void Connection::on_method(const Frame& frame) {
  if (frame.payload.size() < 4) return lose_to("a method is broken");
  amqp_method_number_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) id = id << 8 | static_cast<unsigned char>(frame.payload[i]);
  const std::string_view arguments = frame.payload.substr(4);
  if (id == awaited_) {
    answer_.emplace(arguments);
    awaited_ = 0;
    return answered_.notify();
  }
  switch (id) {
    case AMQP_BASIC_DELIVER_METHOD:
    case AMQP_BASIC_RETURN_METHOD:
      return begin_content(id, arguments);
    case AMQP_CONNECTION_CLOSE_OK_METHOD:
      return lose(Error{Fault::cancelled, of_broker("it was closed"), {}});
    case AMQP_CONNECTION_CLOSE_METHOD:
    case AMQP_CHANNEL_CLOSE_METHOD:
      return on_closed(frame.channel == 0 ? "connection" : "channel", id, arguments);
    case AMQP_CONNECTION_BLOCKED_METHOD: {
      const auto* const fields = pool_.read<amqp_connection_blocked_t>(id, arguments);
      blocked_ = fields == nullptr ? "" : text_of(fields->reason);
      if (blocked_.empty()) blocked_ = "it does not say why";
      return;
    }
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_.clear();
      if (receiver_ != nullptr) receiver_->on_room();
      return;
    case AMQP_CHANNEL_FLOW_METHOD: {
      amqp_channel_flow_ok_t fields{.active = 1};
      send(AMQP_CHANNEL_FLOW_OK_METHOD, fields);
      return;
    }
    default:
      break;
  }
  if (frame.channel != channel) return;
  const void* const fields = pool_.read<char>(id, arguments);
  if (fields == nullptr) return lose_to("a method is broken or not known");
  if (receiver_ != nullptr) receiver_->on_method(id, fields);
}

// The fields of both closes are alike.
void Connection::on_closed(std::string_view what, amqp_method_number_t id,
                           std::string_view arguments) {
  static_assert(sizeof(amqp_connection_close_t) == sizeof(amqp_channel_close_t));
  std::uint16_t code = 0;
  std::string reason;
  if (id == AMQP_CONNECTION_CLOSE_METHOD) {
    if (const auto* const fields = pool_.read<amqp_connection_close_t>(id, arguments)) {
      code = fields->reply_code;
      reason = text_of(fields->reply_text);
    }
  } else if (const auto* const fields = pool_.read<amqp_channel_close_t>(id, arguments)) {
    code = fields->reply_code;
    reason = text_of(fields->reply_text);
  }
  lose(Error{
      fault_of(code, reason),
      of_broker("it closed the " + std::string(what) + ": " + std::to_string(code) + " " + reason),
      {}});
}

void Connection::begin_content(amqp_method_number_t id, std::string_view arguments) {
  if (in_content_) return lose_to("a message does not end");
  content_.returned = id == AMQP_BASIC_RETURN_METHOD;
  if (content_.returned) {
    const auto* const fields = pool_.read<amqp_basic_return_t>(id, arguments);
    if (fields == nullptr) return lose_to("a method is broken");
    content_.reply_code = fields->reply_code;
    content_.reply_text = text_of(fields->reply_text);
    content_.exchange = text_of(fields->exchange);
    content_.routing_key = text_of(fields->routing_key);
  } else {
    const auto* const fields = pool_.read<amqp_basic_deliver_t>(id, arguments);
    if (fields == nullptr) return lose_to("a method is broken");
    content_.tag = fields->delivery_tag;
    content_.redelivered = fields->redelivered != 0;
    content_.exchange = text_of(fields->exchange);
    content_.routing_key = text_of(fields->routing_key);
  }
  content_.properties.clear();
  in_content_ = true;
}

void Connection::on_header(std::string_view payload) {
  constexpr std::size_t fixed = 12;  // Class, weight and the size of the body.
  if (!in_content_ || payload.size() < fixed || body_left_ > 0 || !content_.properties.empty())
    return lose_to("a header of a message comes where none belongs");
  std::uint64_t size = 0;
  for (std::size_t i = 4; i < fixed; ++i) size = size << 8 | static_cast<unsigned char>(payload[i]);
  content_.properties = payload.substr(fixed);
  content_.body.clear();
  content_.body_bytes = body_left_ = size;
  if (size <= options_.body_max)
    content_.body.reserve(std::min<std::uint64_t>(size, body_reserved_max));
  if (size == 0) end_content();
}

void Connection::on_body(std::string_view payload) {
  if (!in_content_ || payload.size() > body_left_)
    return lose_to("a body of a message comes where none belongs");
  body_left_ -= payload.size();
  const std::uint64_t wanted =
      content_.body_bytes <= options_.body_max ? content_.body_bytes : options_.body_kept;
  content_.body.append(
      payload.substr(0, wanted - std::min<std::uint64_t>(wanted, content_.body.size())));
  if (body_left_ == 0) end_content();
}

void Connection::end_content() {
  in_content_ = false;
  if (receiver_ != nullptr) receiver_->on_content(content_);
}

}  // namespace tidemill::amqp

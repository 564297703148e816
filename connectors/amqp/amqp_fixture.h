// For tests of the connector without a broker: BrokerStandIn plays one from a script, over a real
// socket, with what the connector itself writes and reads frames with.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "frames.h"
#include "tidemill/posix.h"

namespace tidemill::amqp {

/// A broker's end of a connection. What is not as the script says ends the script, and is a failure
/// of the test.
class Peer {
 public:
  explicit Peer(Descriptor socket) : socket_(std::move(socket)) {}

  /// The arguments of the next method, which must be that one.
  std::string expect(amqp_method_number_t id) {
    for (;;) {
      const Kept frame = next();
      if (frame.type != AMQP_FRAME_METHOD) continue;
      amqp_method_number_t came = 0;
      for (std::size_t i = 0; i < 4; ++i)
        came = came << 8 | static_cast<unsigned char>(frame.payload[i]);
      if (came != id)
        throw std::runtime_error(std::string(amqp_method_name(came)) + " instead of " +
                                 amqp_method_name(id));
      return frame.payload.substr(4);
    }
  }
  template <class Fields>
  Fields read(amqp_method_number_t id) {
    arguments_ = expect(id);
    const Fields* const fields = pool_.read<Fields>(id, arguments_);
    if (fields == nullptr) throw std::runtime_error("the fields of a method are broken");
    return *fields;
  }
  /// The body of the next message.
  std::string body() {
    if (next().type != AMQP_FRAME_HEADER) throw std::runtime_error("no header of a message");
    return next().payload;
  }

  template <class Fields>
  void send(amqp_method_number_t id, const Fields& fields, std::uint16_t channel = 1) {
    std::string out;
    append_method(out, channel, id, &fields);
    write(out);
  }
  void send_content(const std::string& message_id, std::string_view body) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_MESSAGE_ID_FLAG;
    properties.message_id = bytes_of(message_id);
    std::string out;
    append_content(out, 1, properties, body, frame_max);
    write(out);
  }
  void deliver(std::uint64_t tag, const std::string& message_id, std::string_view body = "{}") {
    amqp_basic_deliver_t fields{};
    fields.consumer_tag = bytes_of("tidemill");
    fields.delivery_tag = tag;
    fields.routing_key = bytes_of("jobs");
    send(AMQP_BASIC_DELIVER_METHOD, fields);
    send_content(message_id, body);
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the connector has gone");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Returns once the connector has ended the connection without a word; how many heartbeats came.
  int beats_until_gone() {
    int beats = 0;
    while (const auto frame = next_or_end()) beats += frame->type == AMQP_FRAME_HEARTBEAT;
    return beats;
  }

  /// Up to the open channel. The broker asks for a heartbeat at least so often.
  void shake_hands(std::uint16_t heartbeat_seconds = 60) {
    char header[8];
    if (::recv(socket_.get(), header, sizeof header, MSG_WAITALL) != sizeof header)
      throw std::runtime_error("no header of the protocol");
    amqp_connection_start_t start{};
    start.version_minor = 9;
    start.mechanisms = bytes_of("AMQPLAIN PLAIN");
    start.locales = bytes_of("en_US");
    send(AMQP_CONNECTION_START_METHOD, start, 0);
    login = std::string(
        text_of(read<amqp_connection_start_ok_t>(AMQP_CONNECTION_START_OK_METHOD).response));
    amqp_connection_tune_t tune{};
    tune.channel_max = 2047;
    tune.frame_max = frame_max;
    tune.heartbeat = heartbeat_seconds;
    send(AMQP_CONNECTION_TUNE_METHOD, tune, 0);
    heartbeat = read<amqp_connection_tune_ok_t>(AMQP_CONNECTION_TUNE_OK_METHOD).heartbeat;
    expect(AMQP_CONNECTION_OPEN_METHOD);
    send(AMQP_CONNECTION_OPEN_OK_METHOD, amqp_connection_open_ok_t{}, 0);
    expect(AMQP_CHANNEL_OPEN_METHOD);
    send(AMQP_CHANNEL_OPEN_OK_METHOD, amqp_channel_open_ok_t{});
  }
  /// Answers the look at a queue.
  void show_queue(std::uint32_t messages) {
    expect(AMQP_QUEUE_DECLARE_METHOD);
    amqp_queue_declare_ok_t fields{};
    fields.message_count = messages;
    send(AMQP_QUEUE_DECLARE_OK_METHOD, fields);
  }
  /// Answers goodbye.
  void end() {
    expect(AMQP_CONNECTION_CLOSE_METHOD);
    send(AMQP_CONNECTION_CLOSE_OK_METHOD, amqp_connection_close_ok_t{}, 0);
  }

  std::string login;
  std::uint16_t heartbeat = 0;  ///< Seconds, as agreed upon.

 private:
  struct Kept {
    int type = 0;
    std::string payload;
  };

  Kept next() {
    auto frame = next_or_end();
    if (!frame) throw std::runtime_error("the connector has gone");
    return std::move(*frame);
  }
  std::optional<Kept> next_or_end() {
    for (;;) {
      if (const auto frame = reader_.next()) return Kept{frame->type, std::string(frame->payload)};
      const auto room = reader_.room();
      const auto got = ::recv(socket_.get(), room.data(), room.size(), 0);
      if (got <= 0) return std::nullopt;
      reader_.filled(static_cast<std::size_t>(got));
    }
  }

  const Descriptor socket_;
  FrameReader reader_;
  Pool pool_;
  std::string arguments_;
};

class BrokerStandIn {
 public:
  using Script = std::function<void(Peer&)>;

  /// One script for each connection, in their order.
  explicit BrokerStandIn(std::vector<Script> scripts)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), any, size), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    EXPECT_EQ(::getsockname(listener_.get(), any, &size), 0);
    host = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, scripts = std::move(scripts)] { play(scripts); });
  }
  ~BrokerStandIn() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  std::string host;

 private:
  void play(const std::vector<Script>& scripts) {
    for (const Script& script : scripts) {
      Descriptor socket(::accept(listener_.get(), nullptr, nullptr));
      if (!socket) return;
      Peer peer(std::move(socket));
      try {
        script(peer);
      } catch (const std::exception& error) {
        ADD_FAILURE() << "the broker's script: " << error.what();
      }
    }
  }

  const Descriptor listener_;
  std::thread thread_;
};

}  // namespace tidemill::amqp

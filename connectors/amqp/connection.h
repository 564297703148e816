// Connection: one connection to one broker with one channel on it.
//
// Its own coroutines read, write and keep it alive; what comes goes to a Receiver, on the
// scheduler's executor, on which all of it lives. What is sent is put behind one another and leaves
// at once, when the current handler has ended. Whatever goes wrong - the broker closes the channel,
// the network is gone - is the end of the connection: lost() says why. Its coroutines share it; it
// is to be closed in the end.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "endpoint.h"
#include "frames.h"
#include "tidemill/async.h"
#include "tidemill/config_spec.h"
#include "tidemill/result.h"
#include "wire.h"

namespace tidemill::amqp {

/// A message that came: a delivery, or one that goes back to its publisher.
struct Content {
  bool returned = false;
  std::uint64_t tag = 0;
  bool redelivered = false;
  std::uint16_t reply_code = 0;  ///< Why it was returned.
  std::string reply_text;
  std::string exchange;
  std::string routing_key;
  std::string properties;  ///< See parse_properties().
  std::string body;        ///< As much of it as was to be kept.
  std::uint64_t body_bytes = 0;
};

class Receiver {
 public:
  virtual ~Receiver() = default;

  /// May take the texts of `content` over.
  virtual void on_content(Content& content) = 0;
  /// A method of the channel that nobody asked for.
  virtual void on_method(amqp_method_number_t id, const void* fields) = 0;
  /// Some of what was to be sent has left, or the broker takes messages again.
  virtual void on_room() {}
  /// Once; nothing comes any more.
  virtual void on_lost(const Error& error) = 0;
};

struct ConnectionOptions {
  Endpoint broker;
  std::shared_ptr<boost::asio::ssl::context> tls;  ///< Null: none.
  std::string vhost;
  std::string username;
  Secret password;
  std::uint16_t heartbeat_seconds = 0;
  std::string name;            ///< For the broker's operator.
  std::uint64_t body_max = 0;  ///< Of longer bodies only the first `body_kept` are kept.
  std::uint64_t body_kept = 0;
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Scheduler& scheduler, ConnectionOptions options, Receiver& receiver);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Once. Errors: unavailable; bad_config (login, virtual host, certificate); cancelled.
  Task<Result<>> open();

  bool up() const { return open_ && !lost_; }
  const std::optional<Error>& lost() const { return lost_; }

  /// Sends a method that has no answer. What cannot be sent for its names is left out: false.
  template <class Fields>
  bool send(amqp_method_number_t id, const Fields& fields) {
    if (!append_method(out_, channel, id, &fields)) return false;
    flush();
    return true;
  }

  /// Sends a message. False: its names or its properties are too long.
  bool publish(const amqp_basic_publish_t& fields, const amqp_basic_properties_t& properties,
               std::string_view body);

  /// Sends a method and waits for its answer; one at a time. Answers the fields of that, for
  /// Pool::read(). Errors: bad_config, unavailable, cancelled.
  template <class Fields>
  Task<Result<std::string>> call(amqp_method_number_t id, Fields fields,
                                 amqp_method_number_t answer) {
    if (!send(id, fields)) co_return fail(Fault::bad_config, "a name has more than 255 bytes");
    Result<std::string> answered = co_await answer_of(answer);
    co_return answered;
  }

  /// Reads no more until told otherwise, so that the broker has to wait. It is kept alive.
  void hold(bool held);

  /// The broker takes no messages now; why. Empty: it does.
  const std::string& blocked() const { return blocked_; }
  /// What has not left yet.
  std::size_t unsent() const { return out_.size() + leaving_.size(); }

  /// Ends the waiting of call(), now and later, with Fault::cancelled.
  void stop_calls();

  /// Ends it without a word.
  void lose(Error error);

  /// Says goodbye, which takes two seconds at most, and ends it. The receiver is called no more.
  Task<> close();

 private:
  static constexpr std::uint16_t channel = 1;

  static Task<> pump(std::shared_ptr<Connection> self);
  static Task<> write_out(std::shared_ptr<Connection> self);
  static Task<> beat(std::shared_ptr<Connection> self);

  Task<Result<>> shake_hands();
  Task<Result<std::string>> answer_of(amqp_method_number_t id);
  void start_ok();
  void flush();
  void on_frame(const Frame& frame);
  void on_method(const Frame& frame);
  void on_closed(std::string_view what, amqp_method_number_t id, std::string_view arguments);
  void begin_content(amqp_method_number_t id, std::string_view arguments);
  void on_header(std::string_view payload);
  void on_body(std::string_view payload);
  void end_content();
  void lose_to(std::string_view sentence);
  std::string of_broker(std::string_view sentence) const;

  Scheduler& scheduler_;
  const ConnectionOptions options_;
  Receiver* receiver_;  // Null once it is not to be called any more.
  const std::unique_ptr<Wire> wire_;
  FrameReader frames_;
  Pool pool_;
  std::string out_, leaving_;
  Content content_;
  bool in_content_ = false;      // A method said that one comes.
  std::uint64_t body_left_ = 0;  // Of its body.
  std::uint32_t frame_bytes_ = 4096;
  std::uint16_t heartbeat_seconds_ = 0;
  std::string blocked_;
  std::optional<Error> lost_;
  bool open_ = false;
  bool held_ = false;
  bool calls_end_ = false;
  bool reading_ = false, writing_ = false, beating_ = false;
  amqp_method_number_t awaited_ = 0;  // The answer that call() waits for.
  std::optional<std::string> answer_;
  Signal answered_;
  Signal resumed_;
  Signal beat_;
  Signal ended_;
  Instant last_read_{}, last_write_{};
};

}  // namespace tidemill::amqp

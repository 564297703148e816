// AmqpSource: messages of one queue as events, acknowledged when they are settled.
//
// A broker hands out `prefetch` messages before it waits for acknowledgements, and no more bytes of
// them wait here than `buffer`: then nothing is read from the connection. Where a connection ends,
// what was not acknowledged on it comes again on the next one, to which poll() leads. `offset`
// numbers deliveries over all connections. Belongs to one pipeline, on its executor.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ack_book.h"
#include "amqp.h"
#include "link.h"
#include "message_event.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/source.h"

namespace tidemill::amqp {

class AmqpSource final : public Source, private Receiver {
 public:
  /// Errors: bad_config.
  static Result<std::unique_ptr<Source>> make(SourceConfig config, Services services);

  SourceTraits traits() const override;
  std::string identity() const override { return rules_->source; }
  bool sees(std::string_view place) const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  std::optional<std::uint64_t> lag() const override { return lag_; }
  std::string trouble() const override { return trouble_; }
  Task<> close() override;

 private:
  AmqpSource(SourceConfig config, Services services, std::unique_ptr<Link> link, KeyRule key);

  void on_content(Content& content) override;
  void on_method(amqp_method_number_t id, const void* fields) override;
  void on_lost(const Error& error) override;

  /// Delivered, and not handed over yet.
  struct Arrived {
    Event event;
    std::uint64_t held = 0;  // Bytes.
  };

  Task<Result<>> connect();
  Task<Result<>> begin(Credit credit);
  Task<Result<>> consume(Credit credit);
  Task<Result<bool>> is_idle();
  Task<Result<>> look_at_lag();
  void take(Credit credit, std::vector<Event>& out);
  void give_back(std::uint64_t tag, bool to_the_queue);
  void send_acks();
  void forget();

  const SourceConfig config_;
  const Services services_;
  const std::unique_ptr<Link> link_;
  const std::shared_ptr<const EventRules> rules_;
  const std::uint64_t buffer_;
  std::shared_ptr<MessageArena> arena_;
  std::deque<Arrived> arrived_;
  std::uint64_t arrived_bytes_ = 0;
  AckBook book_;            // Of this connection.
  std::uint64_t base_ = 0;  // The offset of its tag 0.
  std::uint64_t seen_ = 0;  // Deliveries of all connections.
  std::optional<std::uint64_t> lag_;
  Instant look_again_{};  // At the lag.
  std::string trouble_;
  Patience patience_;
  Instant again_{};  // Not before then it is tried again.
  Signal news_;
  bool consuming_ = false;
  bool interrupted_ = false;
};

/// What may wait in a source for its engine.
std::uint64_t buffer_bytes(const SourceConfig& config, std::uint64_t memory_bytes);

}  // namespace tidemill::amqp

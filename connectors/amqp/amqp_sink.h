// AmqpSink: one message of an exchange or a queue per message, done when the broker confirms it.
//
// Writes run side by side on one connection: each puts its messages behind those of the others and
// waits for its own confirmations. What a broker returns, because no queue takes it, is confirmed
// as well, and so known before. A message that is written again has the same message id. Belongs
// to one pipeline, on its executor.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "amqp.h"
#include "confirm_book.h"
#include "link.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::amqp {

class AmqpSink final : public Sink, private Receiver {
 public:
  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  /// Errors: bad_config.
  static Result<std::unique_ptr<Sink>> make(SinkConfig config, Services services);

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  // One write() and the confirmations it waits for.
  struct Pending {
    Pending(Scheduler& scheduler, std::size_t count)
        : results(count), left(count), changed(scheduler) {}
    std::vector<Result<>> results;
    std::size_t left;
    Signal changed;
  };
  struct Waiter {
    std::shared_ptr<Pending> pending;
    std::size_t index = 0;
  };

  AmqpSink(SinkConfig config, Services services, std::unique_ptr<Link> link,
           std::shared_ptr<const EventExpression> routing_key);

  void on_content(Content& content) override;
  void on_method(amqp_method_number_t id, const void* fields) override;
  void on_room() override;
  void on_lost(const Error& error) override;

  Task<Result<>> connect();
  Task<Result<>> find_place();
  Task<> publish_all(SinkBatch batch, std::vector<Result<std::string>> keys,
                     std::shared_ptr<Pending> pending);
  Task<bool> has_room(std::shared_ptr<Pending> pending, Instant late);
  Result<> publish(const SinkBatch& batch, const Effect& effect, const std::string& routing_key,
                   const std::string& id);
  Result<std::string> routing_key_of(const SinkBatch& batch, const Effect& effect) const;
  std::string why_it_waits() const;
  static void settle(const Waiter& waiter, Result<> result);
  std::string of_place(std::string_view sentence) const;

  const SinkConfig config_;
  const Services services_;
  const std::unique_ptr<Link> link_;
  const std::shared_ptr<const EventExpression> routing_key_;
  ConfirmBook<Waiter> book_;
  std::vector<std::shared_ptr<Pending>> cramped_;  // They wait for room.
  bool connecting_ = false;
  bool was_lost_ = false;        // The connection; until there is another one.
  Instant readers_return_by_{};  // Until then a message that no queue takes waits for one.
};

}  // namespace tidemill::amqp

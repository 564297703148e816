// KafkaSink: one record of a topic per message, by an idempotent producer.
//
// Each message has an answer of its own: what the brokers refuse fails alone. What they do not
// confirm is put off, for as long as it takes. A message that is written again after a crash is a
// second record with the same `tidemill-id` header. Lives on the executor of its pipeline; answers
// come out of a queue that writes to a descriptor.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "client.h"
#include "kafka.h"
#include "tidemill/async.h"
#include "tidemill/descriptor_watch.h"
#include "tidemill/posix.h"
#include "tidemill/sink.h"

namespace tidemill::kafka {

class KafkaSink final : public Sink {
 public:
  static constexpr Idempotence idempotence = Idempotence::at_least_once;

  /// With a `transactional_id`, what it writes is in the transactions of its owner.
  KafkaSink(SinkConfig config, Services services, std::string transactional_id = {});
  ~KafkaSink() override;

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

  /// As write(), but nothing is connected anew. A record that a broker has refused, and with it
  /// perhaps its neighbours, is added to `suspects`, by its id, and put off; those of `suspects`
  /// are sent alone. After a failure the rest is put off too.
  Task<std::vector<Result<>>> write_in_transaction(SinkBatch batch,
                                                   std::set<std::string>& suspects);

  /// Null while it is not open.
  const std::shared_ptr<Client>& client() const { return client_; }
  /// The producer has met what it cannot go on from.
  bool broken() const { return broken_; }

 private:
  // One write() and the answers it waits for.
  struct Pending {
    Pending(Scheduler& scheduler, std::size_t count)
        : results(count), refused(count), answered(scheduler) {}
    std::vector<Result<>> results;
    std::vector<bool> refused;  // By a broker, and with it perhaps its neighbours.
    std::size_t left = 0;
    Signal answered;
  };
  // What a record carries through the client and back.
  struct Ticket {
    std::shared_ptr<Pending> pending;
    std::size_t index = 0;
  };

  Result<> connect();
  Task<Result<>> open_anew();
  Task<> release();
  Task<> send(SinkBatch batch, std::size_t index, std::shared_ptr<Pending> pending);
  Task<> next_round(std::shared_ptr<Pending> pending);
  Task<> answers_to(std::shared_ptr<Pending> pending);
  void hurry_up();
  Task<> hurry();
  Task<> send_apart(SinkBatch batch, std::shared_ptr<Pending> pending);
  rd_kafka_resp_err_t produce(const SinkBatch& batch, const Effect& effect,
                              std::unique_ptr<Ticket>& ticket);
  void add_headers(rd_kafka_headers_t& headers, const SinkBatch& batch, const Effect& effect,
                   bool& tombstone) const;
  Task<> pump();
  void take_answers();
  void end_round();
  Result<> outcome(rd_kafka_resp_err_t error) const;

  const SinkConfig config_;
  const Services services_;
  const std::string transactional_id_;
  std::shared_ptr<Client> client_;
  Queue queue_;
  Descriptor wake_;
  DescriptorWatch watch_;
  Signal emptied_;  // Nothing is under way.
  Signal pump_ended_;
  Signal hurry_ended_;
  std::size_t under_way_ = 0;
  std::uint64_t round_ = 0;                        // Counts the rounds that have ended.
  std::vector<std::shared_ptr<Pending>> waiting_;  // For that.
  bool unsent_ = false;                            // Since hurry() looked last.
  bool hurrying_ = false;
  bool pumping_ = false;
  bool stopping_ = false;
  std::vector<std::shared_ptr<Pending>> full_for_;  // Those that wait for room in the client.
  bool opening_ = false;
  bool broken_ = false;  // The producer has met what it cannot go on from.
};

}  // namespace tidemill::kafka

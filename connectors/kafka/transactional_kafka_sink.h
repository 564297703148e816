// TransactionalKafkaSink: records of a topic, in transactions that commit together with the state.
//
// A producer with a transactional.id of this engine, pipeline and sink; what brokers know of its
// last transaction is in transactions.h. Whenever one of its calls leaves open what has become of
// it, the producer is made anew: that ends whatever the old one has left, and shows it. Lives on
// the executor of its pipeline.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kafka.h"
#include "kafka_sink.h"
#include "tidemill/transactional_sink.h"
#include "transactions.h"

namespace tidemill::kafka {

class TransactionalKafkaSink final : public TransactionalSink {
 public:
  TransactionalKafkaSink(SinkConfig config, Services services);

  SinkTraits traits() const override;
  std::string place() const override { return records_.place(); }
  Task<Result<std::string>> reach() override { return records_.reach(); }
  Task<Result<>> open() override;
  Task<Result<std::uint64_t>> recover(std::optional<InDoubt> doubt) override;
  Task<Result<>> begin(std::uint64_t number) override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<Result<>> prepare() override;
  Task<Result<>> commit() override;
  Task<> abort() override;
  Task<> close() override { return records_.close(); }

 private:
  // What the client is good for.
  enum class State { none, connected, ready };

  template <class Call>
  Task<Result<>> ask(Call call);
  Task<Result<std::optional<std::uint64_t>>> make_anew();

  const Services services_;
  const NumberPlace place_;
  KafkaSink records_;
  State state_ = State::none;
  std::uint64_t number_ = 0;        // Of the transaction that is under way.
  bool under_way_ = false;          // One is.
  std::set<std::string> suspects_;  // Records that may have been refused, by their ids.
};

/// What brokers know the sink's producer by.
std::string transactional_id(const std::string& instance);

}  // namespace tidemill::kafka

// KafkaSource: the records of a topic, as one or more members of a consumer group.
//
// A log: the engine's own progress says where a partition goes on, and the group is told what is
// durable, for others to go on from and for people to see. Belongs to one pipeline, on its
// executor; waits on one descriptor for all members, without a thread of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "avro_reader.h"
#include "kafka.h"
#include "member.h"
#include "partition_book.h"
#include "tidemill/async.h"
#include "tidemill/descriptor_watch.h"
#include "tidemill/posix.h"
#include "tidemill/source.h"

namespace tidemill::kafka {

class KafkaSource final : public Source {
 public:
  KafkaSource(SourceConfig config, Services services);

  SourceTraits traits() const override;
  std::string identity() const override { return *identity_; }
  bool sees(std::string_view place) const override { return place == *identity_; }
  Task<Result<std::string>> reach() override;
  Task<Result<>> open(const Progress& progress) override;
  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override;
  void pause(Partition partition, bool paused) override;
  void interrupt() override;
  Task<Result<>> settle(std::span<const Settled> settled) override;
  std::optional<std::uint64_t> lag() const override;
  Task<> close() override;

 private:
  enum class Taken { all, no_room };

  Result<> make_members();
  Result<> make_reader();
  Taken take(Credit credit, std::vector<Event>& out);
  void release();
  void hold(std::int32_t partition);
  const Error* failure() const;
  bool at_end() const;
  Task<> leave();

  const SourceConfig config_;
  const Services services_;
  const std::shared_ptr<const std::string> identity_;
  PartitionBook book_;
  Member::Shared shared_;
  Descriptor wake_;  // An eventfd that the clients' queues write to.
  DescriptorWatch watch_;
  std::vector<std::unique_ptr<Member>> members_;
  std::unique_ptr<AvroReader> avro_;  // With decode: avro.
  std::size_t first_ = 0;             // The member that is asked first, the next time.
  bool interrupted_ = false;
};

/// How a topic is called where sources and sinks meet: `kafka://BROKER/TOPIC`.
std::string place_of_topic(const ClientConfig& config, const std::string& topic);

}  // namespace tidemill::kafka

// What the arms of bench_kafka without an engine share: clients of librdkafka with the settings
// that the connector gives its own.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/posix.h"

namespace tidemill::bench {

using Settings = std::vector<std::pair<const char*, std::string>>;

rd_kafka_t* make_client(rd_kafka_type_t type, const Settings& settings, int events);

/// A member of a group that reads one topic from its beginning, or from its end.
class Reader {
 public:
  enum class Way { events, batches };

  Reader(const std::string& broker, const std::string& topic, const std::string& group,
         const char* start = "earliest", Way way = Way::events);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Waits for records, record by record out of a queue that writes to a descriptor, and hands over
  /// those that are there.
  void take_events(const std::function<void(const rd_kafka_message_t&)>& visit);
  /// With the call that takes whole batches, which loses records where partitions are paused.
  void take_batch(const std::function<void(const rd_kafka_message_t&)>& visit);

 private:
  rd_kafka_t* const member_;
  rd_kafka_queue_t* const queue_;
  Descriptor wake_;
};

/// An idempotent producer that knows how many of its records the broker has confirmed.
class Writer {
 public:
  explicit Writer(const std::string& broker, const Settings& more = {});
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// `partition` may be RD_KAFKA_PARTITION_UA: by the key.
  void put(const std::string& topic, std::int32_t partition, std::string_view key,
           std::string_view value);
  void flush();

 private:
  void take_answers(int wait_ms);

  rd_kafka_t* const producer_;
  rd_kafka_queue_t* const queue_;
  std::map<std::string, rd_kafka_topic_t*> topics_;
  std::uint64_t put_ = 0;
  std::uint64_t confirmed_ = 0;
};

}  // namespace tidemill::bench

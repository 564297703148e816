// AvroReader: values of records in Avro as JSON, with schemas that a registry has.
//
// A schema that is not known yet is fetched by a coroutine of its own, on the pool, while its
// partition waits and others go on; for as long as the registry is away. What the registry says of
// a schema is remembered, up to a bound; that there is none, only for a while.
//
// Lives on the executor of its source.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "avro/decode.h"
#include "avro/schema_registry.h"
#include "kafka.h"
#include "message_batch.h"
#include "tidemill/async.h"

namespace tidemill::kafka {

class AvroReader {
 public:
  /// `changed` is called when partitions need no longer wait.
  AvroReader(std::unique_ptr<avro::SchemaRegistry> registry, const SourceConfig& config,
             const Services& services, std::function<void()> changed);

  /// Until stop().
  void start();
  Task<> stop();

  /// What the value of a record is, until the next call. None: its partition has to wait for the
  /// schema.
  std::optional<Decoded> read(const rd_kafka_message_t& message);

  /// Partitions that had to wait, and whose record can be read again.
  std::set<std::int32_t> released() { return std::exchange(released_, {}); }

 private:
  struct Known {
    std::shared_ptr<const avro::Schema> schema;
    std::string refusal;     ///< Without a schema.
    Instant ask_again{};     ///< What was refused may be there by now.
    std::uint64_t used = 0;  ///< The larger, the later.
  };

  Known* find(std::uint32_t id);
  void remember(std::uint32_t id, Known known);
  std::uint32_t next_wanted() const;
  void complain(const std::string& why, Duration pause);
  Task<> run();

  const std::unique_ptr<avro::SchemaRegistry> registry_;
  const std::string topic_;
  Scheduler& scheduler_;
  Log& log_;
  const std::function<void()> changed_;

  std::map<std::uint32_t, Known> known_;
  std::size_t known_bytes_ = 0;
  std::uint32_t last_id_ = 0;  // Of the record before: most have the same.
  Known* last_ = nullptr;
  std::uint64_t uses_ = 0;
  std::map<std::uint32_t, std::set<std::int32_t>> wanted_;  // The partitions that wait for each.
  std::uint32_t asked_ = 0;
  std::set<std::int32_t> released_;
  std::string json_;
  std::string refusal_;

  bool running_ = false;
  bool stopping_ = false;
  Signal wake_;
  Signal ended_;
};

}  // namespace tidemill::kafka

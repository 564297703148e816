// Cluster: what bench_kafka reads from and writes to, as a process beside it - a real broker, as
// tests/services/kafka runs it, or librdkafka's mock of one, which costs no JVM and no disk.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/posix.h"

namespace tidemill::bench {

inline constexpr int partitions = 4;

class Cluster {
 public:
  /// `command` prints one line with the address and ends when its stdin does. Ends the bench, with
  /// a sentence, where that cannot be had.
  explicit Cluster(std::vector<std::string> command);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const std::string& address() const { return address_; }

  /// Adds records 0 to `count` - 1, made by `value_of`, spread over the partitions.
  void fill(const std::string& topic, std::uint64_t count,
            const std::function<std::string(std::uint64_t)>& value_of,
            const std::function<std::string(std::uint64_t)>& key_of) const;

  /// How many records have been put into the topic so far.
  std::uint64_t size(const std::string& topic) const;

 private:
  pid_t pid_ = 0;
  Descriptor lifeline_;
  std::string address_;
};

std::vector<std::string> real_broker(const std::vector<std::string>& topics);
std::vector<std::string> mock_of_a_broker(const std::vector<std::string>& topics);

/// What mock_of_a_broker() runs: serves the topics until its stdin ends.
void serve_mock(const std::vector<std::string>& topics);

}  // namespace tidemill::bench

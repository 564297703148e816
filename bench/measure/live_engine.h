// A `tidemill run` that a bench watches while it works: what its admin socket says of a pipeline,
// and how much memory it holds. It is killed when the bench has seen enough.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/admin/admin_client.h"
#include "tidemill/posix.h"

namespace tidemill::bench {

struct Seen {
  std::string state;  ///< opening, running, ended or failed.
  std::uint64_t events = 0;
  std::uint64_t in_flight = 0;
};

class LiveEngine {
 public:
  /// `command` without `--data`, which is `data`; `output` becomes its stdout.
  LiveEngine(std::vector<std::string> command, const std::string& data, int output);
  ~LiveEngine();
  LiveEngine(const LiveEngine&) = delete;
  LiveEngine& operator=(const LiveEngine&) = delete;

  /// Waits that long at most. True: the process has ended.
  bool ended_within(std::chrono::milliseconds time) const;

  /// Nothing while nobody answers.
  std::optional<Seen> pipeline(const std::string& name) const;

  /// What the process holds in memory now.
  double rss_mib() const;

 private:
  AdminClient admin_;
  pid_t pid_ = 0;
  Descriptor process_;
};

}  // namespace tidemill::bench

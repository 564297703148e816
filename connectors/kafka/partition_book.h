// PartitionBook: how far each partition of a topic has come, in the hands of one source.
//
// Pure bookkeeping of one source on its executor.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace tidemill::kafka {

struct PartitionState {
  /// Where to go on: behind the last event handed over, in this life or by the engine's progress.
  std::optional<std::int64_t> reached;
  std::int64_t pulled = 0;  ///< Behind the last record that the client gave.
  std::int64_t handed = 0;  ///< Behind the last event handed over in this life; 0: none.
  std::optional<std::int64_t> settled;    ///< All in front of it is durable.
  std::optional<std::int64_t> committed;  ///< What the group was told last.
  std::optional<std::int64_t> ends_at;    ///< Where it ended when it was assigned first.
  bool paused = false;                    ///< By the engine.
  bool lacks_schema = false;              ///< Of its next record.

  bool waits() const { return paused || lacks_schema; }
  bool in_flight() const { return handed > settled.value_or(0); }
  bool at_end() const { return ends_at && reached && *reached >= *ends_at; }
};

class PartitionBook {
 public:
  PartitionState& operator[](std::int32_t partition) {
    const auto index = static_cast<std::size_t>(partition);
    if (index >= states_.size()) states_.resize(index + 1);
    return states_[index];
  }
  void clear() { states_.clear(); }

 private:
  std::vector<PartitionState> states_;
};

}  // namespace tidemill::kafka

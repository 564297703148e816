// MapProgress: a source's progress in memory, for tests that restart one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/event.h"
#include "tidemill/source.h"

namespace tidemill::testing {

class MapProgress final : public Progress {
 public:
  /// What the engine writes when `event` is durable. Log sources: events in order.
  void settle(const Event& event) {
    if (event.version.empty())
      next_[event.partition] = event.offset_next;
    else
      objects_[std::string(event.subject)] = event.version;
  }

  std::optional<Offset> next(Partition partition) const override {
    const auto found = next_.find(partition);
    return found == next_.end() ? std::nullopt : std::optional(found->second);
  }

  void each_object(
      const std::function<void(std::string_view, std::string_view)>& visit) const override {
    for (const auto& [key, version] : objects_) visit(key, version);
  }

 private:
  std::map<Partition, Offset> next_;
  std::map<std::string, std::string> objects_;
};

}  // namespace tidemill::testing

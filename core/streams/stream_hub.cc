#include "core/streams/stream_hub.h"

#include <utility>
#include <vector>

namespace tidemill {

Result<EmbeddedQueue*> StreamHub::queue(const std::string& name) {
  if (const auto known = queues_.find(name); known != queues_.end()) return known->second.get();
  const auto info = store_.stream(StreamKind::queue, name, 1);
  if (!info) return std::unexpected(info.error());
  const auto state = store_.stream_state(info->id, Partition(0));
  if (!state) return std::unexpected(state.error());
  auto made =
      std::make_unique<EmbeddedQueue>("queue:" + name, *info, store_, sequencer_.disk(), *state);
  return queues_.emplace(name, std::move(made)).first->second.get();
}

Result<EmbeddedLog*> StreamHub::log(const std::string& name, std::uint32_t partitions) {
  return log_of(StreamKind::log, "log:" + name, name, partitions);
}

Result<EmbeddedLog*> StreamHub::changes(const std::string& table) {
  return log_of(StreamKind::changes, "table:" + table, table, 1);
}

Result<EmbeddedLog*> StreamHub::log_of(StreamKind kind, const std::string& place,
                                       const std::string& name, std::uint32_t partitions) {
  if (const auto known = logs_.find(place); known != logs_.end()) return known->second.get();
  const auto info = store_.stream(kind, name, partitions);
  if (!info) return std::unexpected(info.error());
  auto made = std::make_shared<EmbeddedLog>(place, *info, store_, sequencer_, trim_wanted_);
  if (auto loaded = made->load(); !loaded) return std::unexpected(loaded.error());
  return logs_.emplace(place, std::move(made)).first->second.get();
}

void StreamHub::clear() {
  queues_.clear();
  logs_.clear();
}

Task<Result<>> StreamHub::trim(WallTime now) {
  std::vector<std::shared_ptr<EmbeddedLog>> all;
  for (const auto& [place, log] : logs_) all.push_back(log);
  for (const auto& log : all) {
    Result<> trimmed = co_await log->trim(now);
    if (!trimmed) co_return trimmed;
  }
  co_return Result<>{};
}

}  // namespace tidemill

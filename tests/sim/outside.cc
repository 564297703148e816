#include "tests/sim/outside.h"

#include <algorithm>
#include <utility>

namespace tidemill::sim {
namespace {

class ModelProgress final : public Progress {
 public:
  ModelProgress(std::map<Partition, LogProgress> logs, std::map<std::string, std::string> objects)
      : logs_(std::move(logs)), objects_(std::move(objects)) {}

  std::optional<Offset> next(Partition partition) const override {
    const auto found = logs_.find(partition);
    if (found == logs_.end()) return std::nullopt;
    return found->second.next;
  }
  void each_object(
      const std::function<void(std::string_view, std::string_view)>& visit) const override {
    for (const auto& [key, version] : objects_) visit(key, version);
  }

 private:
  std::map<Partition, LogProgress> logs_;
  std::map<std::string, std::string> objects_;
};

}  // namespace

Result<std::unique_ptr<Progress>> ModelStore::progress(PipelineId, std::string_view) {
  return std::make_unique<ModelProgress>(logs_, objects_);
}

Result<std::vector<LogProgress>> ModelStore::log_progress(PipelineId) {
  std::vector<LogProgress> all;
  for (const auto& [partition, progress] : logs_) all.push_back(progress);
  return all;
}

Result<> ModelStore::commit(std::span<const CommitPart* const> parts, WallTime, Durability) {
  ++commits_;
  for (const CommitPart* part : parts) {
    for (const RowChange& row : part->rows) {
      counters_[std::string(row.key)] += row.operand;
      if (row.key.starts_with("event:")) order_.emplace_back(row.key.substr(6));
      trace_.note(row.key);
    }
    for (const DeadLetter& letter : part->dead_letters) {
      const std::string name =
          event_name(letter.partition.value,
                     std::stoull(letter.event_id.substr(letter.event_id.find('@') + 1)));
      ++dead_[name];
      trace_.note("dead " + name);
    }
    for (const LogProgress& log : part->logs) {
      logs_[log.partition] = log;
      trace_.note("next " + std::to_string(log.next.value));
    }
    for (const ObjectProgress& object : part->objects) objects_[object.subject] = object.version;
  }
  return {};
}

void Oracle::expect(bool holds, const std::string& promise) {
  if (!holds && failure_.empty()) failure_ = promise;
}

std::int64_t Oracle::counter(const std::string& name) const {
  const auto found = store_.counters().find(name);
  return found == store_.counters().end() ? 0 : found->second;
}

void Oracle::check_always() {
  for (std::uint32_t p = 0; p < scenario_.partitions; ++p)
    for (std::uint64_t i = 0; i < scenario_.events_per_partition; ++i) {
      const std::string name = event_name(p, i);
      const auto rows = counter("event:" + name);
      expect(rows <= 1, name + " was committed " + std::to_string(rows) + " times");
      expect(rows == 0 || receiver_.received.contains(name),
             name + " was committed before its sink had it");
      const auto dead = store_.dead().find(name);
      expect(dead == store_.dead().end() || (dead->second == 1 && rows == 0),
             name + " is in the dead letters twice, or both there and committed");
    }
  if (scenario_.ordered()) check_order();
}

// Within a partition, rows appear in the order of the log.
void Oracle::check_order() {
  std::map<std::string, std::uint64_t> last;
  for (const std::string& name : store_.order()) {
    const auto dash = name.find('-');
    const std::uint64_t index = std::stoull(name.substr(dash + 1)) + 1;
    auto& before = last[name.substr(0, dash)];
    expect(before < index, name + " was committed after an event that stands behind it");
    before = index;
  }
}

void Oracle::check_end(const PipelineStats& last_life) {
  check_always();
  std::map<std::string, std::int64_t> per_key;
  for (std::uint32_t p = 0; p < scenario_.partitions; ++p)
    for (std::uint64_t i = 0; i < scenario_.events_per_partition; ++i) {
      const std::string name = event_name(p, i);
      if (scenario_.is_poison(p, i)) {
        expect(store_.dead().contains(name), name + " is poison and not in the dead letters");
        continue;
      }
      per_key["key:" + scenario_.key(p, i)] += 1;
      expect(counter("event:" + name) == 1, name + " was lost");
      expect(!store_.dead().contains(name), name + " is healthy and in the dead letters");
    }
  for (const auto& [key, count] : per_key)
    expect(counter(key) == count,
           key + " counts " + std::to_string(counter(key)) + ", not " + std::to_string(count));
  for (const auto& [partition, progress] : store_.logs())
    expect(progress.next.value == scenario_.events_per_partition && progress.settled.empty(),
           "partition " + std::to_string(partition.value) + " ends with a hole");
  expect(last_life.in_flight_events == 0 && last_life.in_flight_bytes == 0,
         "credits were not given back");
  expect(last_life.events == last_life.committed + last_life.filtered + last_life.duplicates +
                                 last_life.dead_lettered,
         "the summary does not add up");
}

}  // namespace tidemill::sim

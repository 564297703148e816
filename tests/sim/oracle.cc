#include "tests/sim/oracle.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/archive/archive_stage.h"
#include "tests/sim/edges.h"
#include "tests/sim/windows.h"

namespace tidemill::sim {

// What the store says of a flow's events.
struct Oracle::Fates {
  Fates(const Flow& flow, const Contents& contents) {
    if (const auto table = contents.tables.find(flow.table().value); table != contents.tables.end())
      rows = &table->second;
    if (const auto found = contents.pipelines.find(flow.config.id);
        found != contents.pipelines.end())
      pipeline = &found->second;
    if (pipeline != nullptr)
      for (const auto& [number, letter] : pipeline->dead)
        if (letter.sink != "later") ++dead[std::string(name_in(letter.data))];
    if (const auto box = contents.outboxes.find(OutboxId(flow.config.id.value));
        box != contents.outboxes.end())
      for (const auto& [number, effect] : box->second) queued.insert(effect.data);
    if (pipeline != nullptr)
      for (const auto& [number, letter] : pipeline->dead)
        if (letter.sink == "later") ++dead_later[letter.data];
  }

  std::int64_t row(const std::string& key) const {
    if (rows == nullptr) return 0;
    const auto found = rows->find(key);
    return found == rows->end() ? 0 : std::stoll(found->second.body);
  }
  std::int64_t committed(const std::string& name) const { return row("event:" + name); }
  bool settled(const std::string& name) const { return committed(name) > 0 || dead.contains(name); }

  const std::map<std::string, ModelRow>* rows = nullptr;
  const Contents::PerPipeline* pipeline = nullptr;
  std::map<std::string, int> dead;
  std::map<std::string, int> dead_later;  // Their effect died behind the outbox.
  std::set<std::string> queued;
};

namespace {

template <class Visit>
void each_event(const Flow& flow, Visit visit) {
  for (std::uint32_t p = 0; p < flow.partitions; ++p)
    for (std::uint64_t i = 0; i < flow.events_per_partition; ++i) visit(p, i);
}

}  // namespace

void Oracle::check_always() {
  for (const Flow& flow : world_.scenario.flows) {
    const Fates fates(flow, world_.store.visible());
    each_event(flow, [&](auto p, auto i) { check_event(flow, fates, p, i); });
    check_acks(flow, fates);
    check_dead(flow, fates);
    check_order(flow, "event:");
    if (flow.relayed) check_relay(flow, fates, false);
    if (flow.archived) check_lake(flow, fates, false);
    if (flow.windowing) check_windows(flow, fates);
  }
}

void Oracle::check_event(const Flow& flow, const Fates& fates, std::uint32_t partition,
                         std::uint64_t index) {
  const std::string name = event_name(flow.index, partition, index);
  const std::int64_t committed = fates.committed(name);
  const auto dead = fates.dead.find(name);
  if (flow.exactly_once()) {
    world_.expect(committed <= 1, name + " was committed " + std::to_string(committed) + " times");
    world_.expect(dead == fates.dead.end() || (dead->second == 1 && committed == 0),
                  name + " is in the dead letters twice, or both there and committed");
  }
  if (flow.transacted) {
    const auto in_vault = world_.received.find(receipt(name, "vault"));
    const std::int64_t times = in_vault == world_.received.end() ? 0 : in_vault->second;
    world_.expect(times >= committed, name + " was committed, and is not in the vault");
    world_.expect(times <= 1 || !flow.exactly_once(), name + " is in the vault twice");
  }
  if (committed > 0 && flow.direct_sink && flow.takes(Choosy::out, partition, index))
    world_.expect(world_.received.contains(receipt(name, "out")),
                  name + " was committed before its sink had it");
  if (committed > 0 && flow.queued_sink && flow.takes(Choosy::later, partition, index))
    world_.expect(world_.received.contains(receipt(name, "later")) || fates.queued.contains(name) ||
                      fates.dead_later.contains(name),
                  name + " was committed, and its effect is neither delivered nor queued");
}

// What upstream was told that it may forget must be safe from a power cut.
void Oracle::check_acks(const Flow& flow, const Fates& fates) {
  const Upstream& upstream = world_.upstreams[flow.index];
  const auto safe = [&](std::uint32_t p, std::uint64_t i) {
    const std::string name = event_name(flow.index, p, i);
    world_.expect(fates.settled(name) || flow.nature(p, i) == Nature::filtered,
                  name + " was acknowledged, and is lost");
  };
  for (const auto& [partition, next] : upstream.acked)
    for (std::uint64_t i = 0; i < next; ++i) safe(partition, i);
  for (const std::uint64_t index : upstream.acked_events) safe(0, index);
}

void Oracle::check_dead(const Flow& flow, const Fates& fates) {
  if (fates.pipeline == nullptr) return;
  for (const auto& [number, letter] : fates.pipeline->dead) {
    const bool tried_out = letter.reason == "never ready" || letter.reason == "threw at an event";
    world_.expect(!tried_out || letter.attempts == flow.config.retry.attempts,
                  letter.data + " was given up after " + std::to_string(letter.attempts) +
                      " tries, not " + std::to_string(flow.config.retry.attempts));
    if (letter.sink == "later") continue;
    const std::uint64_t index = event_index(name_in(letter.data));
    const std::uint32_t partition = letter.partition.value;
    world_.expect(letter.data == flow.payload(partition, index),
                  letter.data + " is in the dead letters as its source has not given it");
    const bool at_step = flow.nature(partition, index) == Nature::unmappable;
    world_.expect(at_step == (letter.stage == Stage::step) && (!at_step || letter.attempts == 0),
                  letter.data + " did not die where it had to");
  }
}

// Rows appear in the order of the log; where keys are the order, in the order of each key.
void Oracle::check_order(const Flow& flow, const std::string& kind) {
  if (!flow.in_order() && !flow.in_key_order()) return;
  const bool by_key = !flow.in_order() || flow.config.order_by == OrderBy::key || kind != "event:";
  std::map<std::string, std::uint64_t> last;
  const std::string mine = kind + std::to_string(flow.index) + "/";
  for (const std::string& row : world_.store.visible().order) {
    if (!row.starts_with(mine)) continue;
    const std::string name = row.substr(mine.size());
    if (world_.replayed.contains(row.substr(kind.size()))) continue;  // It comes when it comes.
    const auto dash = name.find('-');
    const std::uint64_t index = std::stoull(name.substr(dash + 1));
    const auto partition = static_cast<std::uint32_t>(std::stoul(name.substr(1, dash - 1)));
    std::string domain = name.substr(0, dash);
    if (by_key) domain += " " + flow.key(partition, index);
    auto& before = last[domain];
    world_.expect(before < index + 1, row + " was committed after an event that stands behind it");
    before = index + 1;
  }
}

void Oracle::check_end(const std::vector<PipelineStats>& last_life) {
  check_always();
  for (const Flow& flow : world_.scenario.flows) {
    const Fates fates(flow, world_.store.visible());
    each_event(flow, [&](auto p, auto i) { check_event_at_end(flow, fates, p, i); });
    check_counts(flow, fates);
    if (flow.many_kinds && flow.exactly_once()) check_kinds(flow, fates);
    check_progress(flow);
    if (flow.relayed) check_relay(flow, fates, true);
    if (flow.archived) check_lake(flow, fates, true);
    if (flow.windowing) check_clocks(flow);
    world_.expect(fates.queued.empty(), "an outbox is not empty at the end");
    check_replays(fates);
  }
  for (const PipelineStats& stats : last_life) {
    world_.expect(stats.in_flight_events == 0 && stats.in_flight_bytes == 0,
                  "credits were not given back");
    world_.expect(
        stats.events == stats.committed + stats.filtered + stats.duplicates + stats.dead_lettered,
        "the summary does not add up");
  }
}

// Whatever was committed so far is counted in its windows, and nothing that came too late is.
void Oracle::check_windows(const Flow& flow, const Fates& fates) {
  const auto expected = expected_windows(world_, flow, [&](std::uint32_t p, std::uint64_t i) {
    return flow.takes(Choosy::windows, p, i) ? fates.committed(event_name(flow.index, p, i)) : 0;
  });
  const auto& tables = world_.store.visible().tables;
  const auto found = tables.find(flow.window_table().value);
  std::map<std::string, std::string> rows;
  if (found != tables.end())
    for (const auto& [name, row] : found->second) rows[name] = row.body;
  world_.expect(rows == expected, "flow " + std::to_string(flow.index) +
                                      " has windows that hold other counts than their events");
}

void Oracle::check_clocks(const Flow& flow) {
  if (flow.progress != ProgressKind::log) return;
  const auto expected = expected_clocks(flow);
  const auto& logs = world_.store.visible().pipelines.at(flow.config.id).logs;
  for (std::uint32_t p = 0; p < flow.partitions; ++p) {
    const auto log = logs.find(Partition(p));
    const bool right = log != logs.end() && log->second.clocks == std::vector{expected[p]};
    world_.expect(right, "partition " + std::to_string(p) + " has counted other events as late");
  }
}

void Oracle::check_event_at_end(const Flow& flow, const Fates& fates, std::uint32_t partition,
                                std::uint64_t index) {
  const std::string name = event_name(flow.index, partition, index);
  const Nature nature = world_.nature(flow, partition, index);
  if (flow.transacted) {
    const auto in_vault = world_.received.find(receipt(name, "vault"));
    const std::int64_t times = in_vault == world_.received.end() ? 0 : in_vault->second;
    world_.expect(times == fates.committed(name), name + " is in the vault, or it is committed");
  }
  if (nature == Nature::filtered) {
    world_.expect(fates.committed(name) == 0 && !fates.dead.contains(name),
                  name + " was to be filtered, and something came of it");
    return;
  }
  const bool was_dead = world_.replayed.contains(name);
  const bool lives = nature == Nature::healthy || nature == Nature::flaky ||
                     nature == Nature::refused_later || (nature == Nature::old && was_dead);
  if (lives) {
    world_.expect(fates.committed(name) >= 1, name + " was lost");
    // Without dedupe it may have come, and died, once more after its replay.
    world_.expect(!fates.dead.contains(name) || (was_dead && !flow.exactly_once()),
                  name + " is healthy and in the dead letters");
    if (flow.success_sink)
      world_.expect(world_.received.contains(receipt(name, "successes")),
                    name + " settled, and on_success does not know");
    world_.expect(was_dead || !world_.received.contains(receipt(name, "failures")),
                  name + " is healthy, and on_failure says that it was given up");
  } else {
    world_.expect(fates.dead.contains(name), name + " cannot succeed and is no dead letter");
    if (flow.failure_sink)
      world_.expect(world_.received.contains(receipt(name, "failures")),
                    name + " was given up, and on_failure does not know");
  }
  if (!lives || !flow.queued_sink || !flow.takes(Choosy::later, partition, index)) return;
  const bool refused = nature == Nature::refused_later;
  world_.expect(refused == fates.dead_later.contains(name),
                name + " is behind its outbox where it should not be");
  world_.expect(refused != world_.received.contains(receipt(name, "later")),
                name + " left its outbox, and its sink has it not, or has what it refused");
}

void Oracle::check_counts(const Flow& flow, const Fates& fates) {
  if (!flow.exactly_once()) return;
  std::map<std::string, std::int64_t> counts;
  each_event(flow, [&](auto p, auto i) {
    counts[flow.key(p, i)] += fates.committed(event_name(flow.index, p, i));
  });
  for (const auto& [key, count] : counts) {
    const std::int64_t merged = fates.row("key:" + key);
    world_.expect(merged == count,
                  key + " counts " + std::to_string(merged) + ", not " + std::to_string(count));
  }
  if (flow.reads_rows) check_read_counts(flow, std::move(counts));
}

// What a flow put into its log is there as often as it was committed; from there on it is exactly
// once, whatever the source was: in the log, and then either in the queue or counted.
void Oracle::check_relay(const Flow& flow, const Fates& fates, bool at_end) {
  const Contents& store = world_.store.visible();
  std::map<std::string, std::int64_t> logged, queued;
  const auto count = [&](StreamId stream, std::uint32_t partitions, auto& counts) {
    for (std::uint32_t i = 0; i < partitions; ++i)
      for (const StreamRecord& record :
           store.streams.read(stream, Partition(i), 0, 1u << 20, 1u << 30).records)
        ++counts[std::string(name_in(record.data))];
  };
  count(flow.relay_log(), Flow::relay_partitions, logged);
  count(flow.relay_queue(), 1, queued);
  const auto table = store.tables.find(flow.relay_table().value);
  each_event(flow, [&](auto p, auto i) {
    const std::string name = event_name(flow.index, p, i);
    std::int64_t counted = 0;
    if (table != store.tables.end())
      if (const auto row = table->second.find("relayed:" + name); row != table->second.end())
        counted = std::stoll(row->second.body);
    world_.expect(logged[name] == (flow.takes(Choosy::relay, p, i) ? fates.committed(name) : 0),
                  name + " is not in the log as often as it was committed");
    world_.expect(counted + queued[name] <= logged[name], name + " was relayed more than once");
    if (!at_end) return;
    world_.expect(counted == logged[name] && queued[name] == 0, name + " was lost behind the log");
  });
  if (flow.exactly_once()) check_order(flow, "relayed:");
}

// Whatever was committed is staged or in an object, as often as it was committed. The object that
// is noted has its events in the stage as well, until that is known to be over.
void Oracle::check_lake(const Flow& flow, const Fates& fates, bool at_end) {
  const auto& streams = world_.store.visible().streams;
  std::map<std::string, std::int64_t> kept;
  std::string noted;
  bool staged = false;
  for (const Partition hour : streams.partitions(flow.archive_stream())) {
    staged = true;
    for (const StreamRecord& record :
         streams.read(flow.archive_stream(), hour, 0, 1u << 20, 1u << 30).records) {
      if (hour == archive_plans) {
        noted = record.key;
      } else {
        ++kept[std::string(name_in(record.data))];
      }
    }
  }
  for (const auto& [key, names] : world_.objects[flow.index]) {
    if (key == noted) continue;
    for (const std::string& name : names) {
      ++kept[name];
      const EventTime time = flow.happened(event_partition(name), event_index(name));
      world_.expect(key.starts_with(std::to_string(ArchiveStage::hour_of(time).value) + '/'),
                    name + " is in an object of another hour");
    }
  }
  each_event(flow, [&](auto p, auto i) {
    const std::string name = event_name(flow.index, p, i);
    const std::int64_t expected = flow.takes(Choosy::lake, p, i) ? fates.committed(name) : 0;
    world_.expect(kept[name] == expected, name + " is archived " + std::to_string(kept[name]) +
                                              " times, not " + std::to_string(expected));
  });
  world_.expect(!at_end || !staged, "something is still staged at the end");
}

// What the rows of SimInvoker::answer_kinds() come to, from the commits in their order.
void Oracle::check_kinds(const Flow& flow, const Fates& fates) {
  std::map<std::string, std::string> expected;
  std::map<std::string, EventTime> times;
  const std::string mine = "event:" + std::to_string(flow.index) + "/p";
  for (const std::string& row : world_.store.visible().order) {
    if (!row.starts_with(mine)) continue;
    const auto partition = static_cast<std::uint32_t>(std::stoul(row.substr(mine.size())));
    const std::uint64_t index = event_index(row);
    const std::string key = flow.key(partition, index), text = std::to_string(index);
    const auto known = [&](const std::string& name) {
      const auto found = expected.find(name + key);
      return found == expected.end() ? std::optional<std::uint64_t>() : std::stoull(found->second);
    };
    expected["count:" + key] = std::to_string(known("count:").value_or(0) + 1);
    expected["min:" + key] = std::to_string(std::min(known("min:").value_or(index), index));
    expected["max:" + key] = std::to_string(std::max(known("max:").value_or(index), index));
    const EventTime time = flow.time(partition, index);
    if (time >= times[key]) expected["last:" + key] = text;
    times[key] = std::max(times[key], time);
    expected["seen:" + key] = text;
    if (index % 3 == 0) expected.erase("seen:" + key);
  }
  if (fates.rows == nullptr) return;
  for (const auto& [name, row] : *fates.rows) {
    if (name.starts_with("event:") || name.starts_with("key:")) continue;
    const auto found = expected.find(name);
    world_.expect(found != expected.end() && found->second == row.body,
                  name + " is " + row.body + ", and should be something else");
    if (found != expected.end()) expected.erase(found);
  }
  world_.expect(expected.empty(), "a row is missing that a merge or a put made");
}

// What the flow itself counted, and others in its table.
void Oracle::check_read_counts(const Flow& flow, std::map<std::string, std::int64_t> counts) {
  for (const Flow& other : world_.scenario.flows) {
    if (!other.adds() || other.adds_to != flow.index) continue;
    const Fates fates(other, world_.store.visible());
    each_event(other, [&](auto p, auto i) {
      counts[other.key(p, i)] += fates.committed(event_name(other.index, p, i));
    });
  }
  const auto& tables = world_.store.visible().tables;
  const auto read = tables.find(flow.read_table().value);
  for (const auto& [key, count] : counts) {
    if (count == 0) continue;
    const bool found = read != tables.end() && read->second.contains(key);
    world_.expect(found && read->second.at(key).body == std::to_string(count),
                  key + " was counted by reading, and lost an update");
  }
}

// What was marked was played; once all is well, nothing is dead any more.
void Oracle::check_replays(const Fates& fates) {
  if (fates.pipeline == nullptr) return;
  world_.expect(fates.pipeline->waiting.empty(), "a dead letter still waits for its replay");
  if (!world_.repaired) return;
  for (const auto& [number, letter] : fates.pipeline->dead)
    world_.expect(letter.stage == Stage::step && letter.replays > 0,
                  letter.data + " is in the dead letters, although all is well");
}

void Oracle::check_progress(const Flow& flow) {
  const Upstream& upstream = world_.upstreams[flow.index];
  if (flow.progress == ProgressKind::queue) {
    world_.expect(upstream.queue.waiting.empty() && upstream.queue.handed_out.empty(),
                  "a message was never acknowledged");
    return;
  }
  if (flow.progress == ProgressKind::objects) return;
  const auto found = world_.store.visible().pipelines.find(flow.config.id);
  if (found == world_.store.visible().pipelines.end()) return;
  for (const auto& [partition, progress] : found->second.logs)
    world_.expect(progress.next.value == flow.events_per_partition && progress.settled.empty(),
                  "partition " + std::to_string(partition.value) + " ends with a hole");
}

}  // namespace tidemill::sim

// Scenario: everything one seed decides about a run - the pipelines, their events, and what goes
// wrong with each of them. Drawn once; a restart after a crash meets the same world.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dispatch/pipeline_runner.h"
#include "tidemill/staged_sink.h"

namespace tidemill::sim {

/// What becomes of an event, whoever handles it and however often.
enum class Nature : std::uint8_t {
  healthy,
  flaky,          ///< The function fails it in the first tries.
  poison,         ///< The function names it as one that can never succeed.
  throws,         ///< The function throws at it: its batch fails, nobody is named.
  never_ready,    ///< The function names it at every try, as one to try again.
  refused,        ///< The sink refuses it.
  refused_later,  ///< The sink behind the outbox refuses it.
  old,            ///< It is older than the policy's age.
  worn_out,       ///< The sink is busy whenever it comes, until its attempts are used up.
  filtered,       ///< A filter leaves it out.
  unmappable,     ///< A map cannot make anything of its data.
};

/// Sinks that may have a `when`.
enum class Choosy : std::uint8_t { out = 1, later = 2, relay = 4, windows = 8, lake = 16 };

struct Flow {
  std::uint64_t seed = 0;
  std::uint32_t index = 0;
  ProgressKind progress = ProgressKind::log;
  std::uint32_t partitions = 1;
  std::uint32_t events_per_partition = 0;
  std::uint32_t keys = 1;
  PipelineConfig config;
  RetryPolicy sink_retry;
  bool direct_sink = false;
  bool queued_sink = false;
  bool failure_sink = false;
  bool success_sink = false;
  bool reads_rows = false;   ///< The function counts by reading a row and putting it back.
  bool many_kinds = false;   ///< The function merges in every way, and deletes rows.
  bool timed = false;        ///< Its events have a time.
  bool expires = false;      ///< Its rows do, long after the run.
  bool maps = false;         ///< A step does.
  bool replies = false;      ///< Who sends its events waits for what the function replies.
  bool quick = false;        ///< The function takes less time than a write of the store.
  std::uint32_t choosy = 0;  ///< Of its sinks those, as bits, that take not every event.
  /// Counts, unread, in the table that this flow reads; its own index: in none.
  std::uint32_t adds_to = 0;

  // In thousandths: of the events, and of what happens to calls.
  std::uint32_t natures[11] = {};
  std::uint32_t batch_trouble = 0;  ///< A first try fails as a whole, or takes very long.
  std::uint32_t sink_flaky = 0;
  std::uint32_t ack_flaky = 0;
  std::uint32_t redelivered = 0;  ///< Queues: an event is handed out twice.

  bool has_when(Choosy sink) const { return (choosy & static_cast<std::uint32_t>(sink)) != 0; }
  /// What comes of the event goes to this sink.
  bool takes(Choosy sink, std::uint32_t partition, std::uint64_t event) const {
    return !has_when(sink) || type(partition, event) == wanted_type;
  }
  static constexpr std::string_view wanted_type = "keep";

  Nature nature(std::uint32_t partition, std::uint64_t index) const;
  std::uint32_t flaky_tries(std::uint32_t partition, std::uint64_t index) const;
  std::string key(std::uint32_t partition, std::uint64_t index) const;
  EventTime time(std::uint32_t partition, std::uint64_t index) const;
  std::string type(std::uint32_t partition, std::uint64_t index) const;

  /// Its payload as the source has it. With a map it is JSON, of which the name is left.
  std::string payload(std::uint32_t partition, std::uint64_t index) const;

  bool exactly_once() const {
    return progress != ProgressKind::queue || config.dedupe.by != DedupeBy::none;
  }
  bool in_order() const {
    return progress == ProgressKind::log && config.parallel.per_partition == 1;
  }
  bool in_key_order() const { return config.order_by == OrderBy::key && exactly_once(); }
  TableId table() const { return TableId(2 * index + 1); }
  TableId read_table() const { return TableId(2 * index + 2); }
  TableId counted_table() const { return TableId(2 * adds_to + 2); }
  bool adds() const { return adds_to != index; }

  // Behind it, with numbers of their own; see relay.h.
  bool relayed = false;
  static constexpr std::uint32_t relay_partitions = 2;
  StreamId relay_log() const { return StreamId(10 * (index + 1) + 1); }
  StreamId relay_queue() const { return StreamId(10 * (index + 1) + 2); }
  TableId relay_table() const { return TableId(100 + index); }

  /// Events are counted in windows of their time, which their headers tell; see windows.h.
  std::optional<Windowing> windowing{};
  TableId window_table() const { return TableId(200 + index); }
  EventTime happened(std::uint32_t partition, std::uint64_t index) const;

  /// Events are archived by the hour of their time; see lake.h.
  bool archived = false;
  StagePolicy archive{};
  std::uint32_t bucket_flaky = 0;  ///< Of 1000 calls.
  StreamId archive_stream() const { return StreamId(10 * (index + 1) + 3); }

  /// Its messages go, in transactions, to a vault as well; see vault.h.
  bool transacted = false;
  std::uint32_t vault_flaky = 0;  ///< Of 1000 calls.

  PipelineId relay_pipeline(std::uint32_t which) const {
    return PipelineId(10 * (index + 1) + which);
  }

 private:
  Nature drawn_nature(std::uint32_t partition, std::uint64_t index) const;
};

struct Scenario {
  std::uint64_t seed = 0;
  std::vector<Flow> flows;
  std::uint64_t memory = 0;  ///< The engine's budget.
  Duration write_max{0};     ///< A write of the store takes less.
  bool crash_at_every_commit = false;
  std::uint32_t ends = 0;        ///< Lives that end before their time, at most.
  std::uint32_t power_cuts = 0;  ///< Of 1000 such ends; unsynced commits go with the power.
  std::uint32_t drains = 0;      ///< Of 1000 such ends: the engine is asked to stop.
  std::uint32_t bad_writes = 0;  ///< Of 1000 commits: the write fails, with unknown outcome.
  std::uint32_t bad_reads = 0;   ///< Of 1000 reads of an outbox.
  std::uint32_t replays = 0;     ///< Of 1000 lives: all dead letters are replayed in the middle.
  bool repaired = false;         ///< At the end all is well, and all dead letters are replayed.
  Duration replay_gap{0};

  static Scenario draw(std::uint64_t seed);
  std::uint64_t events() const;
};

/// The name of an event in traces and in row keys: "2/p3-17".
std::string event_name(std::uint32_t flow, std::uint32_t partition, std::uint64_t index);
std::uint32_t event_partition(std::string_view name);
std::uint64_t event_index(std::string_view name);

/// The name in a payload, mapped or not.
std::string_view name_in(std::string_view payload);

/// A draw that does not depend on when it is made.
std::uint64_t draw_of(std::uint64_t seed, std::uint64_t a, std::uint64_t b, std::uint64_t salt);

}  // namespace tidemill::sim

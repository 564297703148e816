// Store: the engine's durable memory - tables, progress, dead letters - as the dispatcher sees it.
//
// Two implementations: RocksStore (rocks_store.h) and the simulator's model. Everything one commit
// group changes becomes durable together or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/effect.h"
#include "tidemill/event.h"
#include "tidemill/ids.h"
#include "tidemill/result.h"
#include "tidemill/source.h"
#include "tidemill/time.h"

namespace tidemill {

/// One change of one row. Views live until the commit returns.
struct RowChange {
  TableId table;
  EffectKind kind = EffectKind::put_row;  ///< put_row, delete_row or merge_row.
  MergeKind merge = MergeKind::sum;
  std::uint32_t event = 0;  ///< Index in its batch of the event that caused it; not stored.
  std::int64_t operand = 0;
  EventTime time;
  std::string_view key;
  std::string_view data;
};

/// Progress of one partition of a log source: everything below `next` and inside `settled` is done.
struct LogProgress {
  Partition partition;
  Offset next;
  std::vector<OffsetRange> settled;  ///< Ascending, disjoint, above `next`.
};

/// An object was settled in this version; an empty version forgets the object.
struct ObjectProgress {
  std::string subject;
  std::string version;
};

enum class Stage : std::uint8_t { source = 1, function = 2, sink = 3 };

/// An event that was given up, with everything needed to understand it and to play it again.
struct DeadLetter {
  std::string event_id;
  Stage stage = Stage::function;
  std::string sink;  ///< Stage::sink: its name in the pipeline.
  std::string reason;
  std::string function;          ///< Name; empty without one.
  std::string function_version;  ///< Hash of binary and config.
  std::uint32_t attempts = 0;
  WallTime died;
  WallTime expires;  ///< Forgotten from then on; 0: kept for ever.
  // The event itself.
  Partition partition;
  Offset offset;
  std::string source, type, subject, version, content_type, key, data;
  EventTime time;
  std::uint64_t object_bytes = 0;
};

/// What the settlement of one or more batches of one pipeline changes.
struct CommitPart {
  PipelineId pipeline;
  std::vector<RowChange> rows;
  std::vector<LogProgress> logs;
  std::vector<ObjectProgress> objects;
  std::vector<DeadLetter> dead_letters;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Immutable ids from the registry, made at first use. `renamed_from` (may be empty) names a
  /// pipeline whose id this one takes over.
  /// Errors: bad_config, transient.
  virtual Result<PipelineId> pipeline(std::string_view name, std::string_view renamed_from) = 0;
  virtual Result<TableId> table(std::string_view name) = 0;

  /// What is settled of a pipeline's source. Progress belongs to the pipeline and to the source's
  /// identity: another identity starts afresh. The answer reads the store as it is when asked.
  /// Errors: transient.
  virtual Result<std::unique_ptr<Progress>> progress(PipelineId pipeline,
                                                     std::string_view source_identity) = 0;

  /// The stored {next, settled} of every partition of a log source.
  virtual Result<std::vector<LogProgress>> log_progress(PipelineId pipeline) = 0;

  /// Makes all parts durable as one write. Blocking; one caller at a time. After an error nothing
  /// is known about whether the write happened: reload before going on.
  /// Errors: transient.
  virtual Result<> commit(std::span<const CommitPart* const> parts, WallTime now) = 0;
};

}  // namespace tidemill

// Store: the engine's durable memory - tables, progress, dead letters - as the dispatcher sees it.
//
// Two implementations: RocksStore (rocks_store.h) and the simulator's model. Everything one commit
// group changes becomes durable together or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/durability.h"
#include "core/state/stream.h"
#include "tidemill/effect.h"
#include "tidemill/event.h"
#include "tidemill/ids.h"
#include "tidemill/result.h"
#include "tidemill/source.h"
#include "tidemill/time.h"

namespace tidemill {

namespace state {
struct Aggregate;
}

/// The window of event time that a row belongs to, and what becomes of the row once the window is
/// over: see WindowsOver.
struct RowWindow {
  EventTime start;
  EventTime end;
  bool announced = false;  ///< Its change is told when the window closes, and not before.
  bool removed = false;    ///< It goes when its retention has passed.
};

/// One change of one row. Views live until the commit returns.
struct RowChange {
  TableId table;
  EffectKind kind = EffectKind::put_row;  ///< put_row, delete_row or merge_row.
  MergeKind merge = MergeKind::sum;
  std::uint32_t event = 0;  ///< Index in its batch of the event that caused it; not stored.
  std::int64_t operand = 0;
  EventTime time;
  WallTime expires;  ///< Absent from then on; 0: never. A merge moves it for the whole row.
  std::string_view key;
  std::string_view data;
  std::optional<RowWindow> window{};
  /// What a merge folds into the row, instead of `merge` and `operand`.
  const state::Aggregate* aggregate = nullptr;
};

/// How far the windows of a table have come: they only ever go on.
struct WindowsOver {
  TableId table;
  EventTime closed;   ///< Windows that end by then are closed;
  EventTime removed;  ///< and the rows of those that end by then go.
};

/// What an aggregate has seen of a partition, up to where its progress stands.
struct ClockProgress {
  TableId table;
  EventTime latest;           ///< The latest time of any event; 0: none had one.
  std::uint64_t late = 0;     ///< Events behind the watermark, as it was when they came.
  std::uint64_t dropped = 0;  ///< Of these, those whose every window had closed.
  friend bool operator==(const ClockProgress&, const ClockProgress&) = default;
};

/// Progress of one partition of a log source: everything below `next` and inside `settled` is done.
struct LogProgress {
  Partition partition;
  Offset next;
  std::vector<OffsetRange> settled;  ///< Ascending, disjoint, above `next`.
  std::vector<ClockProgress> clocks{};
};

/// An object was settled in this version; an empty version forgets the object.
struct ObjectProgress {
  std::string subject;
  std::string version;
};

enum class Stage : std::uint8_t { source = 1, function = 2, sink = 3, step = 4 };

/// What a dead letter of an effect that waited in an outbox says of it beside its bytes.
struct DeadEffect {
  EffectKind kind = EffectKind::message;
  std::uint32_t ordinal = 0;
  std::string event_key;
};

/// An event that was given up, with everything needed to understand it and to play it again.
struct DeadLetter {
  /// Given by the store, ascending over all pipelines; the first is 1. In a commit: 0 for a new
  /// letter; else this takes the place of the letter of that number, which then waits for no
  /// replay.
  std::uint64_t number = 0;
  std::string event_id;
  Stage stage = Stage::function;
  std::string sink;  ///< Stage::sink: its name in the pipeline.
  std::string code;  ///< What kind of failure it was, in a word; empty in letters of old engines.
  std::string reason;
  std::string function;          ///< Name; empty without one.
  std::string function_version;  ///< Hash of binary and config.
  std::uint32_t attempts = 0;    ///< The last time.
  std::uint32_t replays = 0;
  WallTime first_died;
  WallTime died;     ///< The last time.
  WallTime expires;  ///< Forgotten from then on; 0: kept for ever.
  // The event itself.
  Partition partition;
  Offset offset;
  std::string id;  ///< Its own, or what tells it from those of other lives; may be empty.
  std::string origin, source, type, subject, version, content_type, key, data;
  std::vector<std::pair<std::string, std::string>> extensions;
  EventTime time;
  std::uint64_t object_bytes = 0;
  /// Stage::sink: the sinks that have taken all effects of the event before it died.
  std::vector<std::string> taken_by;
  /// Set: `key`, `data`, `content_type` and `extensions` are those of an effect that had left its
  /// event behind.
  std::optional<DeadEffect> effect;
};

/// A dead letter by the key it is kept under.
struct DeadLetterId {
  PipelineId pipeline;
  std::uint64_t number = 0;
  friend auto operator<=>(const DeadLetterId&, const DeadLetterId&) = default;
};

/// A dead letter that waits for its replay.
struct MarkedLetter {
  DeadLetter letter;
  Duration gap{0};  ///< The next one follows no sooner.
};

/// Which bytes make an event the same event when it comes again: a 128-bit hash of its source and
/// of its id, its body or a header, as the pipeline's `dedupe:` says.
struct DedupeId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const DedupeId&, const DedupeId&) = default;
};

/// A durable queue between a pipeline and one of its sinks (`delivery: queue`).
using OutboxId = Id<struct OutboxIdTag, std::uint32_t>;

/// An effect with the event that caused it, kept until its sink has taken it. `number` is given by
/// the store, ascending within an outbox; the first is 1.
struct QueuedEffect {
  OutboxId outbox;
  std::uint64_t number = 0;
  EffectKind kind = EffectKind::message;
  std::uint32_t ordinal = 0;
  std::string key, content_type, data;
  std::vector<std::pair<std::string, std::string>> metadata;
  // The event, without its payload.
  Partition partition;
  Offset offset;
  std::string event_id, source, type, subject, version, event_key;
  EventTime time;
  // Of an effect that was given up before, and is played again.
  std::uint32_t replays = 0;
  WallTime first_died;

  std::uint64_t bytes() const { return key.size() + data.size(); }
};

struct CommitPart;

/// What a pipeline changes if a transaction of a sink takes place. Kept until it is known whether
/// that has happened.
struct Intent {
  std::string sink;          ///< Its name in the pipeline,
  std::uint64_t number = 0;  ///< and which of its transactions it is.
  WallTime since;
  std::shared_ptr<const CommitPart> part;  ///< Its views are of memory that it keeps, once read.
};

/// What the settlement of one or more batches of one pipeline changes.
struct CommitPart {
  PipelineId pipeline;
  std::vector<RowChange> rows;
  std::vector<LogProgress> logs;
  std::vector<ObjectProgress> objects;
  std::vector<DedupeId> settled_ids;
  std::vector<std::pair<DedupeId, std::string>> replies{};  ///< To those of them that got one.
  std::vector<DeadLetter> dead_letters;
  std::vector<std::uint64_t> replayed;  ///< Numbers of dead letters that are none any more.
  std::vector<QueuedEffect> queued;     ///< `number` is not set.
  /// Effects that left their outbox: {outbox, number}.
  std::vector<std::pair<OutboxId, std::uint64_t>> delivered;
  std::vector<StreamAppend> appended;
  std::vector<StreamRemoval> removed;
  std::vector<StreamTrim> trimmed;
  std::vector<WindowsOver> windows_over{};
  bool ends_intent = false;        ///< The pipeline has no intent any more;
  std::optional<Intent> intent{};  ///< or this one.

  /// Does it change nothing?
  bool empty() const {
    return rows.empty() && logs.empty() && objects.empty() && settled_ids.empty() &&
           dead_letters.empty() && replayed.empty() && queued.empty() && delivered.empty() &&
           appended.empty() && removed.empty() && trimmed.empty() && windows_over.empty() &&
           !ends_intent && !intent;
  }
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

  /// What a pipeline intends to change, ready to be committed. Errors: transient.
  virtual Result<std::optional<Intent>> intent(PipelineId pipeline) = 0;

  /// Of each id: was it settled at `since` or later? Marks are kept in buckets of time; one that is
  /// a little older than `since` may still be found. Blocking; any thread, beside a commit too.
  /// Errors: transient.
  virtual Result<std::vector<bool>> settled_before(PipelineId pipeline,
                                                   std::span<const DedupeId> ids,
                                                   WallTime since) = 0;

  /// What was replied to those that settled_before() knows; empty where nothing was, or where it is
  /// not kept. Blocking; any thread, beside a commit too. Errors: transient.
  virtual Result<std::vector<std::string>> replies_to(PipelineId pipeline,
                                                      std::span<const DedupeId> ids,
                                                      WallTime since) = 0;

  /// The outbox of a pipeline's sink, made at first use. Errors: transient.
  virtual Result<OutboxId> outbox(PipelineId pipeline, std::string_view sink) = 0;

  /// Its effects behind number `after`, in order: at least one if there is one, then no more than
  /// either limit. Blocking; any thread, beside a commit too. Errors: transient.
  virtual Result<std::vector<QueuedEffect>> queued(OutboxId outbox, std::uint64_t after,
                                                   std::size_t effects_max,
                                                   std::uint64_t bytes_max) = 0;

  /// Of a pipeline's dead letters that wait for their replay those behind number `after`, in order:
  /// at least one if there is one, then no more than either limit. Blocking; any thread, beside a
  /// commit too. Errors: transient.
  virtual Result<std::vector<MarkedLetter>> replays(PipelineId pipeline, std::uint64_t after,
                                                    std::size_t letters_max,
                                                    std::uint64_t bytes_max, WallTime now) = 0;

  /// A stream by its name, made at first use; it then has at least so many partitions, and never
  /// fewer again. Errors: transient.
  virtual Result<StreamInfo> stream(StreamKind kind, std::string_view name,
                                    std::uint32_t partitions) = 0;

  /// Of an archive: the partitions that hold records, ascending. Errors: transient.
  virtual Result<std::vector<Partition>> stream_partitions(StreamId stream) = 0;

  /// As the commits so far make it, those included that are being written. The stream was asked
  /// for by name before, as for read_stream(). Errors: transient.
  virtual Result<StreamState> stream_state(StreamId stream, Partition partition) = 0;

  /// The records behind number `after`, in order: at least one if there is one, then no more than
  /// either limit. Blocking; any thread, beside a commit too. Errors: transient.
  virtual Result<StreamPage> read_stream(StreamId stream, Partition partition, std::uint64_t after,
                                         std::size_t records_max, std::uint64_t bytes_max) = 0;

  /// Makes all changes of all parts as one write, later parts over earlier ones. Blocking; one
  /// caller at a time, together with sync() and reopen(). After an error nobody knows whether the
  /// write happened, and everything but reopen() answers that error.
  /// Errors: transient.
  virtual Result<> commit(std::span<const CommitPart* const> parts, WallTime now,
                          Durability durability) = 0;

  /// Has a write failed, this or another that the store makes by itself? Then everything answers
  /// that error, until reopen().
  virtual bool failed() const { return false; }

  /// Makes durable what was committed. Blocking. Errors: as commit().
  virtual Result<> sync() = 0;

  /// After an error of commit() or sync(): closes what is open and opens it again, which shows what
  /// happened. Ids stay what they are. Blocking; may be asked again until it succeeds (a full disk
  /// takes its time). Errors: transient.
  virtual Result<> reopen() = 0;
};

}  // namespace tidemill

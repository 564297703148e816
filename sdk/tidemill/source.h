// Source: where events enter a pipeline - a folder, a file, a topic, a timer.
//
// The engine drives a source from one executor, always in this order:
//
//     open -> (poll | settle)* -> close
//
// poll and settle may overlap each other (both suspend), neither overlaps itself. read_object runs
// on other threads at any time between open and close. A source never retries an event, batches by
// time or dead-letters: the engine owns those policies, so that they mean the same everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/async.h"
#include "tidemill/event.h"
#include "tidemill/reply.h"
#include "tidemill/result.h"

namespace tidemill {

/// What the engine remembers durably of a source, so that a restart continues where it stopped.
enum class ProgressKind : std::uint8_t {
  log,      ///< Per partition {next, settled ranges above next}; order is kept.
  objects,  ///< Per object its key and the version last settled; no order.
  /// Nothing: the upstream system hands out again what was not settled, now and then also what was.
  /// `partition` and `offset` number deliveries, for settle(). No order, but that of keys where the
  /// pipeline says `order_by: key`.
  queue,
};

struct SourceTraits {
  ProgressKind progress = ProgressKind::log;
  /// Ends by itself (end of file, a count, one listing): `--until-idle` is possible.
  bool can_exhaust = true;
  /// pause() holds single partitions back; else the engine stops polling altogether where one of
  /// them has to wait.
  bool can_pause = false;
  /// Of a queue: events of one key have an order to keep, whether or not the pipeline says so. The
  /// engine works as with `order_by: key` then.
  bool keys_in_order = false;
  /// What its client may hold of records that are no events yet. The engine takes it off what
  /// events may hold.
  std::uint64_t buffer_bytes = 0;
  /// Whoever sent an event waits for what the function replies to it, and is told of what failed.
  bool replies = false;
};

/// Half-open range of offsets.
struct OffsetRange {
  Offset begin;
  Offset end;
  friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

/// What was settled before a restart. Owned by the engine; valid only during open().
class Progress {
 public:
  virtual ~Progress() = default;

  /// Log sources: where to resume a partition; empty if it was never read. The engine itself drops
  /// events inside settled ranges above it, a source need not.
  virtual std::optional<Offset> next(Partition partition) const = 0;

  /// Object sources: calls `visit(key, version)` for every settled object, in byte order of keys.
  virtual void each_object(
      const std::function<void(std::string_view key, std::string_view version)>& visit) const = 0;

  /// Whether all that was asked could be read. The engine looks after open(); a source need not.
  virtual Result<> outcome() const { return {}; }
};

/// The bounded right to hand over more. A source never delivers beyond it.
struct Credit {
  std::uint32_t events = 0;  ///< At least 1.
  std::uint64_t bytes = 0;   ///< Sum of Event::bytes().
  /// Nothing is in flight: the first event may exceed `bytes`, and then travels alone.
  bool alone = false;

  /// May an event of `event_bytes` follow `taken` events of `taken_bytes` in all?
  bool allows(std::uint64_t event_bytes, std::uint64_t taken, std::uint64_t taken_bytes) const {
    if (taken >= events) return false;
    return taken_bytes + event_bytes <= bytes || (alone && taken == 0);
  }
};

enum class PollEnd {
  more,       ///< Poll again.
  exhausted,  ///< Nothing will ever come again (or, with `--until-idle`, by contract).
};

/// What is durable: the effects of an event, or its entry in the dead letters. Of a log source it
/// is a whole partition that has come so far: everything below `offset` is settled.
struct Settled {
  Partition partition;
  Offset offset;
  std::string_view subject;  ///< Object sources.
  std::string_view version;
  /// Of a source that is an option of another one: why that can make nothing of the event, ever.
  /// Who can tell the sender does so; for all others it is as settled.
  std::string_view refused = {};
  /// It was given up, for this reason: it is in the dead letters, and done with all the same.
  std::string_view failed = {};
  /// What was replied to it; null: nothing. Only where SourceTraits::replies.
  SharedReply reply = {};
};

class Source {
 public:
  virtual ~Source() = default;

  virtual SourceTraits traits() const = 0;

  /// URI reference for the CloudEvents `source` attribute; also what progress belongs to: two
  /// configurations that read the same place have the same identity. Stable over restarts.
  virtual std::string identity() const = 0;

  /// Would writing at `place` (see Sink::place) make this source deliver an event? `check` refuses
  /// pipelines that would feed themselves. Pure; may be called before open().
  virtual bool sees(std::string_view place) const = 0;

  /// For `tidemill check --connect`, instead of open(): looks whether the system that it would read
  /// can be reached, and leaves no trace there. Answers in a few words what is there; empty: there
  /// is no such system.
  ///
  /// Errors: as open().
  virtual Task<Result<std::string>> reach() { co_return std::string(); }

  /// Connects and seeks to what `progress` says. Called again after a transient failure.
  ///
  /// Errors: bad_config, transient, unavailable.
  virtual Task<Result<>> open(const Progress& progress) = 0;

  /// Waits for at least one event, then appends those ready now to `out`, within `credit`. Appends
  /// none only when it returns `exhausted` or an error, or `more` because the next event does not
  /// fit: the engine polls again with more credit. After interrupt() it returns soon, with
  /// Fault::cancelled.
  ///
  /// Errors: transient, throttled, unavailable, fenced, cancelled.
  virtual Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) = 0;

  /// No more events of this partition, until it is told otherwise. Only with can_pause.
  virtual void pause(Partition partition, bool paused) {
    std::ignore = std::pair(partition, paused);
  }

  /// Ends a poll that waits. Called once, before close(); later polls are not made.
  virtual void interrupt() = 0;

  /// Tells the upstream system that it may forget these events. Idempotent; the strings die when
  /// it returns. A source whose progress
  /// is wholly the engine's has nothing to do, but may use it to trim its own memory.
  ///
  /// Errors: transient, fenced.
  virtual Task<Result<>> settle(std::span<const Settled> settled) = 0;

  /// Reads the object an event is about, whole. Blocking, on a pool thread, thread-safe. More than
  /// `bytes_max` bytes is bad_event; so is an object that is gone.
  ///
  /// Errors: transient, bad_event, unavailable (the invocation is then made again, at no cost in
  /// attempts).
  virtual Result<Bytes> read_object(const Event& event, std::uint64_t bytes_max) {
    std::ignore = bytes_max;
    return fail(Fault::bad_event, "event " + event_id(event) + " has no object");
  }

  /// How many events of its system are still to be read, as far as it knows without asking.
  virtual std::optional<std::uint64_t> lag() const { return std::nullopt; }

  /// What it waits for though it tries - a server that does not answer - for people; empty:
  /// nothing.
  virtual std::string trouble() const { return {}; }

  /// Releases connections. Must not block longer than 5 s.
  virtual Task<> close() = 0;
};

}  // namespace tidemill

// ReplayFeed: the dead letters of a pipeline that wait for their replay, as a source of its own
// beside the pipeline's: read from the store in the order of their numbers, handed out at the pace
// that was asked for, each once.
//
// What it handed out is under way until done(), which comes when the commit that settles it is
// visible: there the letter has left, or has been replaced and waits no longer. A crash before that
// loses and repeats nothing, since the mark is still there.
//
// Lives on the scheduler's executor, beside the runner of its pipeline.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/dispatch/commit_sequencer.h"
#include "core/state/store.h"
#include "tidemill/event.h"
#include "tidemill/log.h"

namespace tidemill {

class ReplayFeed {
 public:
  /// Letters are not handed out more often than this, but more at once: a batch of several costs
  /// hardly more than one.
  static constexpr Duration tick = std::chrono::milliseconds(50);
  /// What a pace may catch up with, after something else has held it back.
  static constexpr Duration burst = std::chrono::milliseconds(200);

  /// What is remembered of a letter under way, but for its event.
  struct UnderWay {
    std::uint32_t replays = 0;
    WallTime first_died;
    std::string function_version;
    std::vector<std::string> taken_by;
  };

  /// Everything referred to outlives the feed.
  ReplayFeed(Scheduler& scheduler, Log& log, Store& store, CommitSequencer& sequencer,
             std::string pipeline, PipelineId id);
  ReplayFeed(const ReplayFeed&) = delete;
  ReplayFeed& operator=(const ReplayFeed&) = delete;

  /// Letters were marked, or are no longer: forgets what it has read ahead and looks again.
  void look_again();

  /// Reads ahead where it has nothing at hand and may find something. After a read that failed it
  /// waits for a while, or for wake().
  Task<> look();

  /// Nothing waited when it last looked.
  bool idle() const { return idle_; }

  /// Of the letters at hand those that are due, within the limits but for the first; they are under
  /// way from here on. Waits for their time. None: there are none, or wake() was called.
  Task<std::vector<DeadLetter>> take(std::size_t letters_max, std::uint64_t bytes_max);

  /// Ends wait(), wait_until() and take() soon.
  void wake() { wake_.notify(); }
  Task<> wait() { return wake_.wait(); }
  Task<bool> wait_until(Instant deadline) { return wake_.wait_until(deadline); }

  /// Null: it is not under way.
  const UnderWay* find(std::uint64_t number) const;
  void done(std::uint64_t number);

 private:
  Task<> read();
  bool due(const MarkedLetter& marked) const;

  Scheduler& scheduler_;
  Log& log_;
  Store& store_;
  CommitSequencer& sequencer_;
  const std::string pipeline_;
  const PipelineId id_;
  std::deque<MarkedLetter> page_;  // Read ahead.
  std::uint64_t after_ = 0;        // The number of the last letter that was read.
  std::map<std::uint64_t, UnderWay> under_way_;
  // While a read goes on, what it may have seen before it was done.
  std::set<std::uint64_t> done_meanwhile_;
  bool reading_ = false;
  bool idle_ = false;
  bool stale_ = false;  // look_again() was called during a read.
  std::uint32_t failed_reads_ = 0;
  Instant next_{};  // When the pace allows another letter.
  Signal wake_;
};

/// The event of a dead letter, as its source handed it out, but that the source's marks of what it
/// could not read are gone: whoever replays it wants it tried.
Event event_of(DeadLetter letter);

}  // namespace tidemill

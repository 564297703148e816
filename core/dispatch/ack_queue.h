// AckQueue: tells a source what it may forget, once that survives a power cut, in the order of the
// commits. With `durability: periodic` that is up to a second after the commit, and many batches
// are told in one call. What the source does not take now it is told again, before anything later:
// a queue that waits for an acknowledgement hands out nothing in its place.
//
// Lives on the scheduler's executor, beside the runner of its pipeline.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/dispatch/commit_sequencer.h"
#include "tidemill/log.h"
#include "tidemill/source.h"

namespace tidemill {

class AckQueue {
 public:
  /// No more may be held, what is being told included: their memory is in no budget. Half as many
  /// are worth a sync of their own.
  static constexpr std::size_t held_max = 1u << 17;

  /// Everything referred to outlives the queue. `room_came` is called when it is full no longer.
  AckQueue(Scheduler& scheduler, Log& log, CommitSequencer& sequencer, Source& source,
           std::string pipeline, std::function<void()> room_came);
  ~AckQueue();
  AckQueue(const AckQueue&) = delete;
  AckQueue& operator=(const AckQueue&) = delete;

  /// Commit number `commit` settled these; the strings that they view are copied.
  void push(std::uint64_t commit, std::vector<Settled> settled);

  /// Tells, until close() was called and nothing is held any more. After a failed write what is
  /// held is dropped: it may not be on the disk.
  Task<> run();

  /// Nothing more is pushed; what is held is synced without delay, and told a few times at most:
  /// what a source does not take then comes again in the next life.
  void close();

  /// Take in nothing more.
  bool full() const { return held_count_ >= held_max; }

 private:
  struct Held {
    std::uint64_t commit;
    std::vector<Settled> settled;
    std::vector<char> texts;  // What `settled` views; stays in place when this moves.
  };

  Task<> tell();
  Task<> tell_until_taken(std::span<const Settled> settled);
  Task<> pause(Duration duration);
  void forget(std::size_t count);
  void listen_while_needed();
  bool may_tell() const;

  Scheduler& scheduler_;
  Log& log_;
  CommitSequencer& sequencer_;
  Source& source_;
  const std::string pipeline_;
  const std::function<void()> room_came_;
  std::deque<Held> held_;
  std::size_t held_count_ = 0;  // Entries of all held_, and of what is being told.
  std::optional<CommitSequencer::Ticket> ticket_;  // While what is held waits for a sync.
  bool closed_ = false;
  Signal wake_;
};

}  // namespace tidemill

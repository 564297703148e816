// AckQueue: tells a source what it may forget, once that survives a power cut, in the order of the
// commits. With `durability: periodic` that is up to a second after the commit, and many batches
// are told in one call.
//
// Lives on the scheduler's executor, beside the runner of its pipeline.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/dispatch/commit_sequencer.h"
#include "tidemill/log.h"
#include "tidemill/source.h"

namespace tidemill {

class AckQueue {
 public:
  /// Everything referred to outlives the queue.
  AckQueue(Scheduler& scheduler, Log& log, CommitSequencer& sequencer, Source& source,
           std::string pipeline);
  ~AckQueue();
  AckQueue(const AckQueue&) = delete;
  AckQueue& operator=(const AckQueue&) = delete;

  /// Commit number `commit` settled these; the strings that they view are copied.
  void push(std::uint64_t commit, std::vector<Settled> settled);

  /// Tells, until close() was called and nothing is held any more. After a failed write what is
  /// held is dropped: it may not be on the disk.
  Task<> run();

  /// Nothing more is pushed; what is held is synced without delay.
  void close();

 private:
  struct Held {
    std::uint64_t commit;
    std::vector<Settled> settled;
    std::vector<char> texts;  // What `settled` views; stays in place when this moves.
  };

  Task<> tell();
  bool may_tell() const;

  Log& log_;
  CommitSequencer& sequencer_;
  Source& source_;
  const std::string pipeline_;
  std::deque<Held> held_;
  std::size_t held_count_ = 0;  // Entries of all held_.
  bool closed_ = false;
  Signal wake_;
};

}  // namespace tidemill

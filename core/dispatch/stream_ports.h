// What the dispatcher knows of the engine's own streams (core/streams): a way in for the pipelines
// that write to one, what a source adds to the commits of its pipeline, and how far it is behind.
//
// All members are called from the executor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/state/store.h"
#include "tidemill/async.h"
#include "tidemill/source.h"

namespace tidemill {

/// One pipeline's way into an embedded queue or log, into the changes of a table that it writes, or
/// into the stage of an archive.
class StreamOutlet {
 public:
  virtual ~StreamOutlet() = default;

  virtual StreamId stream() const = 0;

  /// Where the next event with this key and time goes. In a queue or log one key goes to one
  /// partition, in an archive one hour.
  virtual Partition partition_for(std::string_view key, EventTime time) = 0;

  /// The stream has reached the size that this pipeline must not go beyond: it takes in no more
  /// events until there is room. What is under way may still be put.
  virtual bool full() const = 0;

  /// `room` is notified when full() has ended. It is taken out before it dies.
  virtual void subscribe(Signal& room) = 0;
  virtual void unsubscribe(Signal& room) = 0;

  /// A commit is about to be submitted; and then it is written.
  virtual void submitted(const CommitPart& part) = 0;
  virtual void committed(const CommitPart& part) = 0;

  /// The pipeline has ended: nothing more comes from it.
  virtual void end() = 0;
};

/// A source whose events leave it in the very commit that settles them.
class EntrySource {
 public:
  virtual ~EntrySource() = default;

  /// Adds to `part` that these are gone. Ask right before it is submitted, which it then must be.
  virtual void leave(std::span<const Settled> settled, CommitPart& part) = 0;
};

/// A source that knows how much there is behind what it has handed over.
class Backlog {
 public:
  virtual ~Backlog() = default;

  /// Events that are there and were not handed over yet; empty where that cannot be told now.
  /// Cheap, but for those who watch: not for every batch. Not while the store is opened again.
  virtual std::optional<std::uint64_t> behind() const = 0;
};

}  // namespace tidemill

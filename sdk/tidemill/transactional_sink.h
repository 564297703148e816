// TransactionalSink: a sink whose system takes effects in transactions - a topic of Kafka.
//
// Each transaction has a number, which the system keeps together with what is in it. The engine
// writes down what the commits of a pipeline change, then commits the transaction, then changes
// it; so a crash in between is decided by what the system says of that number, and effects and
// state are there together or not at all:
//
//     recover -> (begin -> write* -> prepare -> commit)*
//
// abort() may come at any time after begin(). Driven from one executor, one call at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "tidemill/sink.h"
#include "tidemill/time.h"

namespace tidemill {

/// A transaction of which the engine does not know whether it took place.
struct InDoubt {
  std::uint64_t number = 0;
  WallTime since;  ///< It was not committed before.
};

class TransactionalSink : public Sink {
 public:
  TransactionalSink* transactional() final { return this; }

  /// Ends what any earlier life, or this one, has left under way, so that none of it can take place
  /// any more. Answers the number of the last transaction that did; 0: none that is known. Comes
  /// after open(), before all else; and whenever commit() has failed. `doubt` is what the answer
  /// must not be wrong about.
  ///
  /// Errors: bad_config (a person must say whether it took place), transient, unavailable.
  virtual Task<Result<std::uint64_t>> recover(std::optional<InDoubt> doubt) = 0;

  /// Begins transaction `number`, one more than the last that took place. An earlier one that was
  /// aborted is over.
  ///
  /// Errors: fenced (somebody else has committed by this sink's name), bad_config; transient and
  /// unavailable are waited for, for as long as it takes, here and in what follows.
  virtual Task<Result<>> begin(std::uint64_t number) = 0;

  /// As Sink::write(), into the transaction. bad_event and bad_config send the effect's event to
  /// the dead letters; after any failure the transaction is aborted, and what is left of it is
  /// written again.
  Task<std::vector<Result<>>> write(SinkBatch batch) override = 0;

  /// All that was written is taken, and so is the number: nothing but commit() is missing.
  /// Errors: as begin().
  virtual Task<Result<>> prepare() = 0;

  /// All of it is there, for ever. After an error nobody knows: recover() tells.
  virtual Task<Result<>> commit() = 0;

  /// Nothing of it is ever seen. What cannot be told to the system now, begin() or recover() does.
  virtual Task<> abort() = 0;
};

}  // namespace tidemill

// ObjectMaker: makes one object after the other of what an archive has staged.
//
//     note (durable) -> object (durable) -> note and events leave, in one commit
//
// The note says which events the object holds and how it is called. A crash behind it makes the
// same object again; before it, nothing has happened.
//
// Lives on the scheduler's executor; the store is read on its own threads. Part of ArchiveRoller,
// which decides when and of what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/archive/archive_stage.h"
#include "core/archive/object_note.h"
#include "core/dispatch/commit_sequencer.h"
#include "tidemill/staged_sink.h"

namespace tidemill {

class ObjectMaker {
 public:
  struct Config {
    PipelineId pipeline;
    std::string object_name;  ///< What the names of its objects begin with; of no other archive.
  };

  struct Made {
    std::string key;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;  ///< Of the object.
  };

  /// Everything referred to outlives it.
  ObjectMaker(Scheduler& scheduler, Store& store, CommitSequencer& sequencer, ArchiveStage& stage,
              StagedSink& sink, Config config);
  ObjectMaker(const ObjectMaker&) = delete;
  ObjectMaker& operator=(const ObjectMaker&) = delete;

  /// What earlier lives have left: fills the stage. Errors: transient.
  Task<Result<>> load();

  /// There is an object that has to be made before another is begun.
  bool has_note() const { return note_.has_value(); }

  /// Decides what the next object of this hour, which has events, holds. Errors: transient.
  Task<Result<>> note(Partition hour);

  /// Makes the object of the note. Errors: transient; the note stays.
  Task<Result<Made>> make();

  /// Gives up what make() is doing, soon.
  void stop() { stopped_ = true; }

 private:
  struct Found;
  struct Extent {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    std::uint64_t bytes_before = 0;  // Of what comes behind it, as the stream counts.
  };

  Result<Found> read_stage() const;
  Result<std::uint64_t> end_of_object(Partition hour, const StreamState& state) const;
  Task<Result<Extent>> hand_over();
  Task<Result<>> take_out(const Extent& extent);

  Scheduler& scheduler_;
  Store& store_;
  CommitSequencer& sequencer_;
  ArchiveStage& stage_;
  StagedSink& sink_;
  const Config config_;
  const std::uint64_t object_bytes_;
  std::optional<ObjectNote> note_;  // Durable; its object is not known to be.
  bool stopped_ = false;
};

}  // namespace tidemill

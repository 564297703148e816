// ArchiveRoller: makes the objects of one archive out of what its stage holds, independently of the
// pipeline that fills it: a bucket that is slow or down stalls only that pipeline, and only once
// its stage is full.
//
//     choose an hour that is due -> note (durable) -> object (durable) -> note and events leave
//
// The note says which events the object holds and how it is called. A crash behind it makes the
// same object again; before it, nothing has happened.
//
// Lives on the scheduler's executor, beside the runner of its pipeline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/archive/archive_stage.h"
#include "core/archive/object_maker.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/dispatch/verdict.h"
#include "tidemill/log.h"
#include "tidemill/staged_sink.h"

namespace tidemill {

/// What `status` and the metrics say of an archive.
struct ArchiveStatus {
  std::string sink;
  std::uint64_t staged_events = 0;
  std::uint64_t staged_bytes = 0;
  std::uint64_t objects = 0;       ///< Made since the start.
  std::uint64_t object_bytes = 0;  ///< Of these.
  std::uint64_t failures = 0;      ///< Objects that could not be made, each try.
  std::string trouble;             ///< Why no object is made; empty: all is well.

  /// Adds what an earlier life of the pipeline did.
  ArchiveStatus& operator+=(const ArchiveStatus& other);
};

class ArchiveRoller {
 public:
  struct Config {
    std::string pipeline;
    std::string sink;
    PipelineId id;
    std::string object_name;  ///< What the names of its objects begin with; of no other archive.
    Backoff backoff;
    std::uint32_t last_attempts = 0;  ///< After finish(), tries at an object; 0: for ever.
  };

  /// Everything referred to outlives the roller.
  ArchiveRoller(Scheduler& scheduler, Log& log, Store& store, CommitSequencer& sequencer,
                ArchiveStage& stage, StagedSink& sink, Config config);
  ArchiveRoller(const ArchiveRoller&) = delete;
  ArchiveRoller& operator=(const ArchiveRoller&) = delete;

  /// Runs until stop(), or until finish() was called and everything staged is in objects.
  ///
  /// Errors: transient (a commit failed, or an object after finish() as often as is tried).
  Task<Result<>> run();

  /// Nothing more will be staged: what there is becomes objects at once.
  void finish();
  /// Leaves what is staged to the next start.
  void stop();

  ArchiveStatus status() const;

 private:
  Task<> load();
  Task<Result<>> next_object();
  std::optional<Partition> next_due() const;
  Task<> wait_for_due();
  Task<> pause(std::uint32_t attempt);
  void complain(const Error& error);
  std::string name() const { return config_.pipeline + ": archive " + config_.sink; }

  Scheduler& scheduler_;
  Log& log_;
  CommitSequencer& sequencer_;
  ArchiveStage& stage_;
  const Config config_;
  const StagePolicy policy_;
  ObjectMaker maker_;
  ArchiveStatus done_;
  std::uint32_t failed_ = 0;  // Tries in a row.
  bool finishing_ = false;
  bool stopping_ = false;
};

}  // namespace tidemill

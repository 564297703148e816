// CrashRecord: which batches are in the hands of in-process functions, in a memory-mapped file that
// survives the process. What a crash leaves there tells the next process which events to handle
// with care:
//
//     a batch that a fatal signal ended, or whose thread was lost  -> its events are suspects
//     a suspect that was alone when that happened again            -> guilty
//
// A batch counts from the start of its handler until its response is freed. A signal marks the
// batch of the thread that it hits. Where that thread has none, it may be one that a handler has
// started: all batches are suspects then, and one that is alone is guilty only where it was the
// sole one in the process.
//
// Nothing else makes a suspect: batches of other threads, and all batches of a process that was
// killed from outside, bear no mark. A suspect that is alone and ends well is absolved; what
// nothing confirms and nothing absolves, because no start gets that far, fades after a few lives.
//
// Nothing is synced: the page cache outlives a process, and a power cut crashes no function.
//
// begin() and end() are called by the thread that runs the handler, without allocation and, but for
// suspects, without a lock; all of it is thread-safe. Errors: transient (the file cannot be made).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/event.h"
#include "tidemill/result.h"
#include "tidemill/source.h"

namespace tidemill {

/// Whose batches are recorded: one pipeline, its source and the build of its function. A suspicion
/// does not outlive a change of any of them.
struct BatchOrigin {
  PipelineId pipeline;
  std::uint64_t code = 0;  ///< See origin_code().
  ProgressKind progress = ProgressKind::log;
};

/// Combines a function's version with its source's identity.
std::uint64_t origin_code(std::string_view function_version, std::string_view source_identity);

/// What an event of a source without offsets is known by: key and version of its object, else its
/// id, else its data.
std::uint64_t event_hash(const Event& event);

/// A marked batch of an earlier process.
struct CrashedBatch {
  struct Range {
    Partition partition;
    Offset first;
    Offset last;
  };

  PipelineId pipeline;
  std::uint64_t code = 0;
  bool alone = false;         ///< A suspect that ran alone: it is guilty.
  bool lost = false;          ///< It did not return in time; else a signal ended it.
  bool stray = false;         ///< The signal hit a thread of no batch.
  bool all = false;           ///< It held more than there was room for: any event may be of it.
  std::vector<Range> ranges;  ///< Of a log source.
  std::vector<std::uint64_t> events;  ///< event_hash() of the others.
};

class CrashRecord {
 public:
  struct Slot;

  /// A batch whose handler has returned, and whose response lives.
  struct Answered {
    Slot* slot = nullptr;
    std::uint32_t taken = 0;
  };

  /// Reads what earlier processes left, and goes on from it. `slots`: batches at once; those beyond
  /// are not recorded. `events_max`: of one batch.
  static Result<std::unique_ptr<CrashRecord>> open(const std::string& path, std::size_t slots,
                                                   std::size_t events_max);
  ~CrashRecord();
  CrashRecord(const CrashRecord&) = delete;
  CrashRecord& operator=(const CrashRecord&) = delete;

  /// Of earlier processes.
  const std::vector<CrashedBatch>& crashed() const { return crashed_; }

  /// The calling thread hands `events` to a function. `alone`: a suspect, by itself. Null when all
  /// slots are taken by batches that run; before that, one that is answered loses its own.
  Slot* begin(const BatchOrigin& origin, std::span<const Event> events, bool alone);

  /// The function has returned and its response is freed, on the thread that called begin() or
  /// begin_free(). Null is allowed.
  void end(Slot* slot);

  /// The function has returned, on the thread that called begin(); its response lives on.
  Answered answered(Slot* slot);

  /// The calling thread frees the response. False: the slot serves another batch by now, nothing is
  /// to be ended.
  bool begin_free(Answered answered);

  /// How many are taken, by batches that run or whose responses live.
  std::size_t batches() const;

  /// The batch does not return; from any thread, before its end(). Null is allowed.
  void mark_lost(Slot* slot);

 private:
  class File;
  explicit CrashRecord(std::unique_ptr<File> file);

  const std::unique_ptr<File> file_;
  std::vector<CrashedBatch> crashed_;
};

}  // namespace tidemill

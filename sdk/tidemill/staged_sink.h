// StagedSink: a sink that makes large objects of many events - an archive in a bucket.
//
// What goes to it commits with the progress of its pipeline into a stage that the engine keeps, one
// part for each hour of event time. When an hour has enough, or has waited long enough, the engine
// writes down which events its next object holds, and only then hands those over:
//
//     begin -> add* -> finish      or abandon, at any time; then the same object from its beginning
//
// They leave the stage once finish() has succeeded. After a failure or a crash the same events come
// again, in the same order, for an object of the same key and format: an object that is written
// twice is the same object. So each committed event is in exactly one.
//
// Driven from one executor, one object at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/sink.h"

namespace tidemill {

struct StagePolicy {
  std::uint64_t object_bytes = 0;      ///< An object is made when so much of its hour is staged,
  Duration object_age{0};              ///< or when the oldest of it has been staged for so long.
  std::uint64_t staged_bytes_max = 0;  ///< Beyond, the pipeline takes in no more events.
  std::string time;         ///< Expression that gives the time of an event; empty: its own.
  bool attributes = false;  ///< Staged events keep ids and attributes; else only time and data.
};

/// An object to be made. Both are kept until it is there, whatever the options say by then.
struct ObjectPlan {
  std::string key;
  std::string format;  ///< Whatever else the bytes depend on, in the sink's own words.
};

using Hour = std::chrono::sys_time<std::chrono::hours>;

class StagedSink : public Sink {
 public:
  StagedSink* staged() final { return this; }

  /// Is not asked.
  Task<std::vector<Result<>>> write(SinkBatch batch) final {
    const auto refused = fail(Fault::bad_config, "what goes to " + place() + " is staged");
    std::vector<Result<>> results(batch.effects.size(), refused);
    co_return results;
  }

  virtual StagePolicy policy() const = 0;

  /// How the next object of an hour is called and made. `name` is of letters, digits, '.', '_' and
  /// '-', and no other object of any engine has it.
  virtual ObjectPlan plan(Hour hour, std::string_view name) const = 0;

  /// Errors: transient, as of all that follow.
  virtual Task<Result<>> begin(const ObjectPlan& plan) = 0;

  /// Views live until it returns.
  virtual Task<Result<>> add(std::span<const Event> events) = 0;

  /// The object is there under its key, whole and durable. Answers how many bytes it has.
  virtual Task<Result<std::uint64_t>> finish() = 0;

  /// Forgets the object that was begun, if one was. Nothing of it is ever seen.
  virtual Task<> abandon() = 0;
};

}  // namespace tidemill

// Journal: what is seen of a rehearsal while it runs - every invocation, every write to a sink, and
// when. What is left in the store is read at its end.
//
// Lives on the rehearsal's executor.
#pragma once

#include <boost/json/array.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/invoke/crash_record.h"
#include "tidemill/invocation.h"
#include "tidemill/scheduler.h"
#include "tidemill/sink.h"

namespace tidemill::rehearsal {

class Journal {
 public:
  explicit Journal(Scheduler& scheduler) : scheduler_(scheduler), start_(scheduler.now()) {}

  /// What the case calls an event: its id; else the key of its object; else PARTITION@OFFSET.
  std::string name_of(const Event& event);
  /// By what a dead letter says of it: its id, or event_id().
  std::string name_of(std::string_view event_id) const;

  /// Since the start, and as "90s".
  Duration elapsed() const;
  std::string now() const;

  /// Something happened just now.
  void touch() { last_ = elapsed(); }
  /// When something last did.
  Duration last() const { return last_; }

  /// Returns the number of the invocation, for answered().
  std::size_t invoked(PipelineId pipeline, std::string_view function, const Request& request);
  void answered(std::size_t invocation, const Request& request, const Answer& answer);

  void wrote(const std::string& sink, const SinkBatch& batch, const Effect& effect);
  /// An object of an archive; `data` is that of its events.
  void archived(const std::string& sink, const std::string& object, boost::json::array data);

  struct Invocation {
    PipelineId pipeline;
    boost::json::object record;
  };
  const std::vector<Invocation>& invocations() const { return invocations_; }
  /// By PIPELINE.SINK, in the order in which they were written.
  const std::map<std::string, boost::json::array>& written() const { return written_; }

 private:
  Scheduler& scheduler_;
  const Instant start_;
  Duration last_{0};
  std::map<std::string, std::string, std::less<>> names_;  // By event_id(), and by id.
  std::vector<Invocation> invocations_;
  std::map<std::string, boost::json::array> written_;
};

}  // namespace tidemill::rehearsal

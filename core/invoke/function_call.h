// FunctionCall: one call of a blocking function, owned by all who still need it. It keeps what the
// handler reads - the events, and all that they view - for as long as the handler runs, however
// long that is after the engine has given the call up.
//
// The executor makes it, asks it to stop, abandons it; run() is for its thread, cancel() for one
// that nobody waits for. Exactly one of the two ends it: either run() has the answer, or abandon()
// was first and the answer is dropped on the thread that brought it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/invoke/answer_hold.h"
#include "core/invoke/crash_record.h"
#include "core/invoke/native_function.h"
#include "tidemill/invocation.h"
#include "tidemill/time.h"

namespace tidemill {

class FunctionCall {
 public:
  using Resume = std::move_only_function<void()>;

  /// Copies what `request` views; `function` and what guards it outlive the call. `alone`: its only
  /// event is a suspect.
  FunctionCall(NativeFunction& function, const Request& request, AnswerGuards guards,
               BatchOrigin origin, bool alone);
  FunctionCall(const FunctionCall&) = delete;
  FunctionCall& operator=(const FunctionCall&) = delete;

  /// Who waits for the end; before run() and abandon(). Called once, by whichever of them ends it.
  void on_end(Resume resume) { resume_ = std::move(resume); }

  /// Calls the handler, `now` says when it starts. False: the call was abandoned.
  bool run(const std::function<Instant()>& now);

  /// When the handler started; nothing before.
  std::optional<Instant> started() const;

  /// Hurries the handler up: expire() at once, cancel() as soon as the plugin likes.
  void expire() { function_.expire(request_); }
  void cancel() { function_.cancel(request_); }

  /// Nobody waits for the handler any more; the call ends with `error`. `blame`: it took too long,
  /// which is held against its events. False: it has ended.
  bool abandon(Error error, bool blame);

  /// Precondition: ended.
  Answer take_answer() { return std::move(answer_); }

  const Request& request() const { return request_; }

  /// Whether it was hurried up; the executor's own note.
  bool asked = false;
  std::uint64_t thread = 0;  ///< CallThreads' number of it; the executor's own note.

 private:
  NativeFunction& function_;
  const AnswerGuards guards_;
  const BatchOrigin origin_;
  const bool alone_;
  const std::vector<Event> events_;
  const std::string request_id_;
  Request request_;  // Views the two above.
  std::atomic<Instant> started_ = Instant::min();
  std::atomic<bool> abandoned_ = false;  // Written under the mutex.

  std::mutex mutex_;
  bool ended_ = false;
  CrashRecord::Slot* slot_ = nullptr;  // While the handler runs.
  Answer answer_;
  Resume resume_;
};

}  // namespace tidemill

// AnswerHold: what guards the engine against the freeing of a response, which is foreign code too.
// A handler that wrote past its memory is often found out only there, long after it returned, on
// the thread that lets go of the answer last: until then the batch stays in the crash record. And
// where that thread is the event loop, InlineWatch looks at it.
#pragma once

#include <memory>
#include <utility>

#include "core/invoke/crash_record.h"
#include "core/invoke/inline_watch.h"
#include "tidemill/invocation.h"

namespace tidemill {

/// Both outlive every answer; null: there is none.
struct AnswerGuards {
  CrashRecord* record = nullptr;
  InlineWatch* watch = nullptr;
  std::shared_ptr<const InlineWatch::Subject> freeing;  ///< For the watch.
};

class AnswerHold {
 public:
  /// The handler has returned, on this thread. `slot` is what the record's begin() gave, and may be
  /// null.
  static void put_on(Answer& answer, const AnswerGuards& guards, CrashRecord::Slot* slot) {
    if (answer.keep == nullptr) {
      if (slot != nullptr) guards.record->end(slot);
      return;
    }
    CrashRecord::Answered answered;
    if (slot != nullptr) answered = guards.record->answered(slot);
    answer.keep = std::make_shared<AnswerHold>(guards, answered, std::move(answer.keep));
  }

  AnswerHold(AnswerGuards guards, CrashRecord::Answered answered, std::shared_ptr<const void> keep)
      : guards_(std::move(guards)), answered_(answered), keep_(std::move(keep)) {}
  ~AnswerHold() {
    const bool recorded = answered_.slot != nullptr && guards_.record->begin_free(answered_);
    const bool watched = guards_.watch != nullptr && guards_.watch->on_loop();
    if (watched) guards_.watch->enter(*guards_.freeing, recorded ? answered_.slot : nullptr);
    keep_.reset();
    if (watched) guards_.watch->leave();
    if (recorded) guards_.record->end(answered_.slot);
  }
  AnswerHold(const AnswerHold&) = delete;
  AnswerHold& operator=(const AnswerHold&) = delete;

 private:
  const AnswerGuards guards_;
  const CrashRecord::Answered answered_;
  std::shared_ptr<const void> keep_;
};

}  // namespace tidemill

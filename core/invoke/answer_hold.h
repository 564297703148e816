// AnswerHold: what keeps the batch of an answer in the crash record until the response is freed. A
// handler that wrote past its memory is often found out only there, long after it returned, on the
// thread that lets go of the answer last.
#pragma once

#include <memory>
#include <utility>

#include "core/invoke/crash_record.h"
#include "tidemill/invocation.h"

namespace tidemill {

class AnswerHold {
 public:
  /// The handler has returned, on this thread. `record` outlives the answer; `slot` is what its
  /// begin() gave, and may be null.
  static void put_on(Answer& answer, CrashRecord& record, CrashRecord::Slot* slot) {
    if (slot == nullptr) return;
    if (answer.keep == nullptr) return record.end(slot);
    auto hold = std::make_shared<AnswerHold>(record, record.answered(slot));
    hold->keep_ = std::move(answer.keep);
    answer.keep = std::move(hold);
  }

  AnswerHold(CrashRecord& record, CrashRecord::Answered answered)
      : record_(record), answered_(answered) {}
  ~AnswerHold() {
    const bool recorded = record_.begin_free(answered_);
    keep_.reset();
    if (recorded) record_.end(answered_.slot);
  }
  AnswerHold(const AnswerHold&) = delete;
  AnswerHold& operator=(const AnswerHold&) = delete;

 private:
  CrashRecord& record_;
  const CrashRecord::Answered answered_;
  std::shared_ptr<const void> keep_;
};

}  // namespace tidemill

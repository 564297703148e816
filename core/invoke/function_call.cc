#include "core/invoke/function_call.h"

#include <utility>

namespace tidemill {

FunctionCall::FunctionCall(NativeFunction& function, const Request& request, AnswerGuards guards,
                           BatchOrigin origin, bool alone)
    : function_(function),
      guards_(std::move(guards)),
      origin_(origin),
      alone_(alone),
      events_(request.events.begin(), request.events.end()),
      request_id_(request.request_id),
      request_(request) {
  request_.events = events_;
  request_.request_id = request_id_;
  // The source may be closed once nobody waits for this call.
  if (request.read_object)
    request_.read_object = [this, read = request.read_object](
                               const Event& event, std::uint64_t bytes_max) -> Result<Bytes> {
      if (abandoned_.load()) return fail(Fault::cancelled, "the call was abandoned");
      return read(event, bytes_max);
    };
}

bool FunctionCall::run(const std::function<Instant()>& now) {
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return false;
    if (guards_.record != nullptr) slot_ = guards_.record->begin(origin_, events_, alone_);
    started_ = now();
  }
  Answer answer = function_.invoke(request_);
  Resume resume;
  {
    const std::lock_guard lock(mutex_);
    AnswerHold::put_on(answer, guards_, std::exchange(slot_, nullptr));
    if (abandoned_) return false;
    ended_ = true;
    answer_ = std::move(answer);
    resume = std::move(resume_);
  }
  resume();
  return true;
}

std::optional<Instant> FunctionCall::started() const {
  const Instant since = started_.load();
  if (since == Instant::min()) return std::nullopt;
  return since;
}

bool FunctionCall::abandon(Error error, bool blame) {
  Resume resume;
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || abandoned_) return false;
    abandoned_ = true;
    if (blame && guards_.record != nullptr) guards_.record->mark_lost(slot_);
    answer_.error = std::move(error);
    resume = std::move(resume_);
  }
  resume();
  return true;
}

}  // namespace tidemill

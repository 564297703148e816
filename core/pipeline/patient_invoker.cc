#include "core/pipeline/patient_invoker.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>

namespace tidemill {
namespace {

// Of the reads of one invocation, on the threads that make them; a call that was given up may still
// read when nobody listens any more.
class Absence {
 public:
  void note(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = error.message;
  }
  std::optional<std::string> reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<std::string> reason_;
};

bool may_be_for_want_of_it(const Answer& answer) {
  if (answer.error) return passes(answer.error->fault);
  return std::ranges::any_of(answer.failures,
                             [](const EventFailure& failure) { return passes(failure.fault); });
}

}  // namespace

Task<Answer> PatientInvoker::invoke(const Request& request) {
  const auto absence = std::make_shared<Absence>();
  Request patient = request;
  patient.read_object = [absence, read = request.read_object](
                            const Event& event, std::uint64_t bytes_max) -> Result<Bytes> {
    auto object = read(event, bytes_max);
    if (!object && object.error().fault == Fault::unavailable) absence->note(object.error());
    return object;
  };
  Answer answer = co_await invoker_->invoke(patient);
  const auto reason = absence->reason();
  if (!reason || !may_be_for_want_of_it(answer)) co_return answer;
  Answer put_off;
  // The dispatcher's word for a batch that is to be invoked again though nothing is wrong with it.
  put_off.error = Error{Fault::throttled, *reason};
  co_return put_off;
}

}  // namespace tidemill

#include "core/rehearsal/recording_archive.h"

#include <boost/json.hpp>
#include <utility>

#include "core/rehearsal/payload.h"

namespace tidemill::rehearsal {

Task<Result<>> RecordingArchive::begin(const ObjectPlan& plan) {
  key_ = plan.key;
  data_.clear();
  bytes_ = 0;
  // A rule is for objects, whatever events they hold.
  const Rule* const rule = RuleBook::Turn(rules_).rule_for({}, Event{});
  if (rule == nullptr) co_return Result<>{};
  if (rule->takes.count() > 0) co_await sleep_until(scheduler_, scheduler_.now() + rule->takes);
  if (rule->act == Act::succeed) co_return Result<>{};
  journal_.touch();
  co_return fail(Fault::transient, rule->reason);
}

Task<Result<>> RecordingArchive::add(std::span<const Event> events) {
  for (const Event& event : events) {
    data_.push_back(shown_payload(event.data.view()));
    bytes_ += event.data.size();
  }
  co_return Result<>{};
}

Task<Result<std::uint64_t>> RecordingArchive::finish() {
  journal_.archived(name_, key_, std::exchange(data_, {}));
  co_return bytes_;
}

Task<> RecordingArchive::abandon() {
  data_.clear();
  co_return;
}

}  // namespace tidemill::rehearsal

#include "core/rehearsal/recording_sink.h"

#include <algorithm>
#include <utility>

namespace tidemill::rehearsal {

Task<std::vector<Result<>>> RecordingSink::write(SinkBatch batch) {
  std::vector<const Rule*> answers;
  RuleBook::Turn turn(rules_);
  Duration takes{0};
  for (const Effect& effect : batch.effects) {
    const Event& event = batch.events[effect.event];
    answers.push_back(turn.rule_for(journal_.name_of(event), event));
    if (answers.back() != nullptr) takes = std::max(takes, answers.back()->takes);
  }
  if (takes.count() > 0) co_await sleep_until(scheduler_, scheduler_.now() + takes);
  std::vector<Result<>> results;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const Act act = answers[i] == nullptr ? Act::succeed : answers[i]->act;
    if (act == Act::succeed) {
      journal_.wrote(name_, batch, batch.effects[i]);
      results.emplace_back();
    } else {
      journal_.touch();
      const Fault fault = act == Act::reject ? Fault::bad_event : Fault::transient;
      results.push_back(fail(fault, answers[i]->reason));
    }
  }
  co_return results;
}

}  // namespace tidemill::rehearsal

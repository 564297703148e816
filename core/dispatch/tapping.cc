// The part of PipelineRunner that shows events to taps. Called only where one is open.
#include <algorithm>
#include <vector>

#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/shaping.h"
#include "core/dispatch/tap_line.h"

namespace tidemill {
namespace {

// `invoker` is null without a function.
std::string_view output_of(const SinkBinding& binding, const Invoker* invoker) {
  switch (binding.takes) {
    case Takes::output: {
      const auto& outputs = invoker->traits().outputs;
      return binding.output < outputs.size() ? std::string_view(outputs[binding.output]) : "";
    }
    case Takes::event:
      return "event";
    case Takes::success:
      return "on_success";
    case Takes::failure:
      return "on_failure";
  }
  return "";
}

}  // namespace

void PipelineRunner::tap_source(std::span<const Event> events) {
  config_.taps->each(TapPoint::source, [&](Tap& tap) {
    for (const Event& event : events)
      tap.offer(event, [&](std::size_t bytes_max) { return source_line(event, bytes_max); });
  });
}

void PipelineRunner::tap_function(const Settlement& settlement, const Verdict& verdict) {
  const Answer& answer = settlement.answer;
  const auto outcome_of = [&](std::uint32_t index) {
    const auto failure = std::ranges::find(answer.failures, index, &EventFailure::event);
    const Fate fate = index < verdict.fates.size() ? verdict.fates[index] : Fate::settle;
    Outcome outcome{.word = verdict.split ? "split" : word_of(fate),
                    .reason = {},
                    .request_id = settlement.request_id,
                    .attempt = settlement.work.attempt,
                    .took = settlement.took};
    if (failure != answer.failures.end()) {
      outcome.reason = failure->reason;
    } else if (answer.error) {
      outcome.reason = answer.error->message;
    }
    outcome.effects =
        static_cast<std::uint64_t>(std::ranges::count(answer.effects, index, &Effect::event));
    return outcome;
  };
  config_.taps->each(TapPoint::function, [&](Tap& tap) {
    for (std::uint32_t i = 0; i < settlement.work.events.size(); ++i) {
      const Event& event = settlement.work.events[i];
      tap.offer(event, [&](std::size_t bytes_max) {
        return function_line(event, outcome_of(i), bytes_max);
      });
    }
  });
}

// What the sinks got is put together once more. That takes time, too, and is spared where there is
// none for a look.
void PipelineRunner::tap_sinks(Settlement& settlement) {
  config_.taps->each(TapPoint::sinks, [&](Tap& tap) {
    for (const Target& target : targets_) {
      if (!tap.may_look()) {
        tap.pass(settlement.work.events.size());
        return;
      }
      const SinkBinding& binding = target.binding;
      const std::string_view output = output_of(binding, invoker_);
      const std::vector<Effect> effects = effects_for(binding, settlement);
      tap.looked();
      for (const Effect& effect : effects) {
        const Event& event = settlement.work.events[effect.event];
        if (took_before(binding, event)) continue;
        tap.offer(seen_of(effect, event), [&](std::size_t bytes_max) {
          return effect_line(event, effect, binding.name, output, bytes_max);
        });
      }
    }
  });
}

}  // namespace tidemill

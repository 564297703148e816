// The part of PipelineRunner that gives events up: why each of them dies, what its dead letter
// holds, and what the log says of it.
#include <utility>

#include "core/base/fault_name.h"
#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"

namespace tidemill {
namespace {

// A poison stream must not flood the log; the dead letters hold every one.
constexpr std::uint64_t deaths_logged_max = 20;

}  // namespace

// What was given up or recognized before reaches no function.
void PipelineRunner::bury(Settlement& settlement) {
  const Work& work = settlement.work;
  const Fate fate = work.end == End::duplicate ? Fate::duplicate : Fate::dead_letter;
  settlement.fates.assign(work.events.size(), fate);
  if (fate == Fate::duplicate) return;
  const bool guilty = work.stage == Stage::function;
  const char* const code = work.too_old                  ? "too_old"
                           : work.stage == Stage::source ? "unreadable"
                           : guilty                      ? "crashed"
                                                         : "bad_event";
  for (std::uint32_t i = 0; i < work.events.size(); ++i)
    settlement.deaths[i] = {work.stage, "", work.reason, code};
}

// Gives every event that dies its reason.
void PipelineRunner::name_deaths(Settlement& settlement) {
  const Answer& answer = settlement.answer;
  auto failure = answer.failures.begin();  // Ascending by event, as the fates are.
  for (std::uint32_t i = 0; i < settlement.fates.size(); ++i) {
    if (settlement.fates[i] != Fate::dead_letter) continue;
    while (failure != answer.failures.end() && failure->event < i) ++failure;
    const bool own = failure != answer.failures.end() && failure->event == i;
    std::string reason = answer.error ? answer.error->message : "";
    Fault fault = answer.error ? answer.error->fault : Fault::bad_event;
    if (own) {
      reason = failure->reason;
      fault = failure->fault;
    }
    settlement.deaths[i] = {Stage::function, "", std::move(reason), std::string(fault_name(fault))};
  }
}

DeadLetter PipelineRunner::dead_letter(const Work& work, const Event& mapped,
                                       const Death& death) const {
  const Event event = as_it_came(mapped);
  const WallTime now = scheduler_.wall();
  const auto keep = static_cast<std::uint64_t>(config_.dead_letter.keep.count());
  DeadLetter letter{.event_id = event.id.empty() ? event_id(event) : std::string(event.id),
                    .stage = death.stage,
                    .sink = death.sink,
                    .code = death.code,
                    .reason = death.reason,
                    .function = config_.function,
                    .function_version = invoker_ ? std::string(invoker_->version()) : "",
                    .attempts = work.invocations(),
                    .first_died = now,
                    .died = now,
                    .expires = WallTime(now.value + keep),
                    .partition = event.partition,
                    .offset = event.offset,
                    .id = lasting_id(event),
                    .origin = std::string(event.origin),
                    .source = std::string(event.source),
                    .type = std::string(event.type),
                    .subject = std::string(event.subject),
                    .version = std::string(event.version),
                    .content_type = std::string(event.content_type),
                    .key = std::string(event.key),
                    .data = std::string(event.data.view()),
                    .time = event.time,
                    .object_bytes = event.object_bytes,
                    .taken_by = death.taken_by};
  for (const Attribute& attribute : event.extensions)
    letter.extensions.emplace_back(attribute.name, attribute.value);
  add_history(event, letter);
  return letter;
}

PipelineRunner::Death PipelineRunner::died_at(const SinkBinding& binding, const Error& error) {
  return {Stage::sink, binding.name, error.message, std::string(fault_name(error.fault))};
}

void PipelineRunner::kill(Settlement& settlement, std::uint32_t event, Death death) {
  settlement.fates[event] = Fate::dead_letter;
  settlement.deaths.try_emplace(event, std::move(death));
}

void PipelineRunner::effect_died(const DeadLetter& letter) {
  ++stats_.dead_effects;
  report_death(letter.event_id, letter.sink, letter.reason);
}

void PipelineRunner::report_death(std::string_view event, std::string_view sink,
                                  std::string_view reason) {
  if (++reported_deaths_ > deaths_logged_max) return;
  const std::string where = sink.empty() ? "" : " at sink " + std::string(sink);
  log_.write(LogLevel::warning, config_.name + ": dead letter " + std::string(event) + where +
                                    ": " + std::string(reason));
  if (reported_deaths_ == deaths_logged_max)
    log_.write(LogLevel::warning, config_.name +
                                      ": further dead letters are counted, not logged; see them "
                                      "with `tidemill dlq list`");
}

}  // namespace tidemill

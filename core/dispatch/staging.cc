// The part of PipelineRunner that puts events into the stages of archives.
#include <string>
#include <utility>

#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/row_key.h"

namespace tidemill {
namespace {

// 10000-01-01T00:00:00Z: what lies behind has no `dt=` that anyone reads.
constexpr std::uint64_t time_end = 253'402'300'800'000'000;

EventTime own_time(const Event& event) {
  return event.time.value != 0 ? event.time : EventTime(event.ingested.value);
}

Result<EventTime> time_of(const Archiving& archiving, const Event& event, std::string_view data) {
  Result<EventTime> time = own_time(event);
  if (archiving.time) time = row_time(*archiving.time, event, data);
  if (time && time->value >= time_end)
    return fail(Fault::bad_event, "its time lies behind the year 9999");
  return time;
}

}  // namespace

void PipelineRunner::add_staged(const SinkBinding& binding, Settlement& settlement,
                                CommitPart& part) {
  const SinkBatch batch = batch_for(binding, settlement);
  for (const Effect& effect : effects_for(binding, settlement)) {
    const Event& event = settlement.work.events[effect.event];
    Result<EventTime> time = time_of(*binding.archiving, event, effect.data);
    // The fate of what a record tells of is sealed: it is of the hour in which it was made.
    if (!time && is_record(binding.takes)) time = EventTime(scheduler_.wall().value);
    if (!time) {
      kill(settlement, effect.event, died_at(binding, time.error()));
      continue;
    }
    StreamAppend record{.stream = binding.outlet->stream(),
                        .partition = {},
                        .event = effect.event,
                        .deliver_at = {},
                        .time = *time,
                        .id = {},
                        .source = {},
                        .type = {},
                        .subject = {},
                        .key = {},
                        .group = {},
                        .content_type = effect.content_type,
                        .data = effect.data,
                        .extensions = {}};
    if (binding.archiving->attributes) {
      record.id = settlement.texts.emplace_back(effect_id(batch, effect));
      record.source = event.source;
      record.type = event.type;
      record.subject = event.subject;
      record.key = effect.key;
    }
    record.partition = binding.outlet->partition_for(record.key, record.time);
    part.appended.push_back(record);
  }
}

}  // namespace tidemill

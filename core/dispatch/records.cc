// The part of PipelineRunner that puts what an event comes to where others take it from: into
// queues, logs and the stages of archives, and into the outboxes of sinks.
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"
#include "core/dispatch/row_key.h"

namespace tidemill {

// Its own; what waits in an outbox may be written in another life, under the same message id.
std::string PipelineRunner::lasting_id(const Event& event) const {
  const std::string_view born_in = life();
  if (!event.id.empty() || born_in.empty()) return std::string(event.id);
  std::string id(born_in);
  id.append(".").append(std::to_string(event.partition.value));
  return id.append("@").append(std::to_string(event.offset.value));
}

// What says under which message ids effects go: see effect_id().
SinkBatch PipelineRunner::batch_for(const SinkBinding& binding,
                                    const Settlement& settlement) const {
  SinkBatch batch;
  batch.pipeline = config_.name;
  batch.sink = binding.name;
  batch.life = life();
  batch.events = settlement.work.events;
  return batch;
}

// An event keeps its attributes on its way through a stream; what a function made of it has an
// identity of its own.
void PipelineRunner::add_records(const SinkBinding& binding, Settlement& settlement,
                                 CommitPart& part) {
  if (binding.archiving) return add_staged(binding, settlement, part);
  const WallTime delay(static_cast<std::uint64_t>(binding.delay.count()));  // See set_delays().
  const SinkBatch batch = batch_for(binding, settlement);
  for (const Effect& effect : effects_for(binding, settlement)) {
    const Event& event = settlement.work.events[effect.event];
    const bool same = binding.takes == Takes::event;
    StreamAppend record{.stream = binding.outlet->stream(),
                        .partition = {},
                        .event = effect.event,
                        .deliver_at = delay,
                        .time = event.time,
                        .id = event.id,
                        .source = event.source,
                        .type = event.type,
                        .subject = event.subject,
                        .key = effect.key.empty() ? event.key : effect.key,
                        .group = {},
                        .content_type = effect.content_type,
                        .data = effect.data,
                        .extensions = same ? event.extensions : effect.metadata};
    if (!same) {
      record.id = settlement.texts.emplace_back(effect_id(batch, effect));
    } else if (record.id.empty() || effect.ordinal > 0) {
      std::string id = lasting_id(event);
      if (id.empty()) id = event_id(event);
      if (effect.ordinal > 0) id.append("#").append(std::to_string(effect.ordinal));
      record.id = settlement.texts.emplace_back(std::move(id));
    }
    if (binding.group) {
      auto group = row_key(binding.group, event, effect.data);
      if (!group && is_record(binding.takes)) {
        group = std::string();  // Its fate is sealed: the record goes without an order.
      } else if (!group) {
        kill(settlement, effect.event, died_at(binding, group.error()));
        continue;
      }
      record.group = settlement.texts.emplace_back(std::move(*group));
    }
    record.partition = binding.outlet->partition_for(record.key, record.time);
    part.appended.push_back(record);
  }
  if (mutated(Mutation::lose_record) && !part.appended.empty()) part.appended.pop_back();
}

void PipelineRunner::add_queued(const SinkBinding& binding, Settlement& settlement,
                                CommitPart& part) {
  for (const Effect& effect : effects_for(binding, settlement)) {
    const Event& event = settlement.work.events[effect.event];
    QueuedEffect queued{.outbox = binding.outbox,
                        .kind = effect.kind,
                        .ordinal = effect.ordinal,
                        .key = std::string(effect.key),
                        .content_type = std::string(effect.content_type),
                        .data = std::string(effect.data),
                        .partition = event.partition,
                        .offset = event.offset,
                        .event_id = lasting_id(event),
                        .source = std::string(event.source),
                        .type = std::string(event.type),
                        .subject = std::string(event.subject),
                        .version = std::string(event.version),
                        .event_key = std::string(event.key),
                        .time = event.time};
    for (const Attribute& attribute : effect.metadata)
      queued.metadata.emplace_back(attribute.name, attribute.value);
    part.queued.push_back(std::move(queued));
  }
  if (mutated(Mutation::lose_queued_effect) && !part.queued.empty()) part.queued.pop_back();
  if (mutated(Mutation::queue_effect_twice) && !part.queued.empty())
    part.queued.push_back(QueuedEffect(part.queued.back()));
}

// As late as can be, like expiries.
void PipelineRunner::set_delays(CommitPart& part) const {
  const std::uint64_t now = scheduler_.wall().value;
  for (StreamAppend& record : part.appended)
    if (record.deliver_at.value != 0) record.deliver_at.value += now;
}

}  // namespace tidemill

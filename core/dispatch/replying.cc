// The part of PipelineRunner that answers whoever sent an event and waits for what comes of it.
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/pipeline_runner.h"

namespace tidemill {

// Once it is clear what becomes of each event; what is told later needs nothing of the answer.
void PipelineRunner::collect_told(Settlement& settlement) const {
  if (!traits_.replies || settlement.fates.empty()) return;
  settlement.told = std::move(settlement.work.told);  // Of duplicates: known before.
  settlement.told.resize(settlement.fates.size());
  for (const Effect& effect : settlement.answer.effects) {
    if (effect.kind != EffectKind::reply) continue;
    if (settlement.fates[effect.event] != Fate::settle) continue;
    Reply reply{.status = static_cast<unsigned>(effect.operand),
                .content_type = std::string(effect.content_type),
                .body = std::string(effect.data),
                .headers = {}};
    for (const Attribute& header : effect.metadata)
      reply.headers.emplace_back(header.name, header.value);
    const std::uint32_t whose = mutated(Mutation::tell_the_first) ? 0 : effect.event;
    settlement.told[whose].reply = std::make_shared<const Reply>(std::move(reply));
  }
  for (const auto& [event, death] : settlement.deaths) settlement.told[event].failed = death.reason;
}

// What one that comes again is told.
void PipelineRunner::keep_told(const Settlement& settlement, std::size_t event, DedupeId id,
                               CommitPart& part) {
  if (settlement.told.empty() || mutated(Mutation::lose_reply)) return;
  if (const Told& told = settlement.told[event]; !told.nothing())
    part.replies.emplace_back(id, told_text(told));
}

}  // namespace tidemill

#include "core/dispatch/shaping.h"

#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/steps.h"

namespace tidemill {

Event seen_of(const Effect& effect, const Event& event) {
  Event seen = event;
  if (!effect.key.empty()) seen.key = effect.key;
  if (!effect.metadata.empty()) seen.extensions = effect.metadata;
  seen.content_type = effect.content_type;
  seen.data = Bytes::forever(effect.data);
  seen.before_map = nullptr;
  return seen;
}

void choose(const pattern::PatternSet& when, std::span<const Event> events,
            pattern::PatternSet::Scratch& scratch, Shaped& shaped) {
  std::erase_if(shaped.effects, [&](const Effect& effect) {
    const auto matches = when.match(seen_of(effect, events[effect.event]), scratch);
    if (!matches) shaped.refused.emplace_back(effect.event, "when: " + matches.error().message);
    return !matches || (matches->empty() && !mutated(Mutation::ignore_when));
  });
}

Result<> map_effects(const expression::Expression& map, std::span<const Event> events,
                     Shaped& shaped) {
  const std::vector<Effect> whole = std::exchange(shaped.effects, {});
  shaped.effects.reserve(whole.size());
  std::uint32_t ordinal = 0;  // Among what the event comes to at this sink.
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const Effect& effect = whole[i];
    if (i > 0 && whole[i - 1].event != effect.event) ordinal = 0;
    auto values = mapped(map, seen_of(effect, events[effect.event]), effect.data);
    if (!values && values.error().fault == Fault::bad_config)
      return std::unexpected(std::move(values.error()));
    if (!values) {
      shaped.refused.emplace_back(effect.event, "map: " + values.error().message);
      continue;
    }
    for (expression::Value& value : *values) {
      Effect made = effect;
      made.ordinal = ordinal++;
      made.content_type = type_of_mapped(effect.content_type);
      made.data = shaped.texts.emplace_back(std::move(value.text));
      shaped.bytes += made.data.size();
      shaped.effects.push_back(made);
    }
  }
  return {};
}

}  // namespace tidemill

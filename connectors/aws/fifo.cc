#include "fifo.h"

#include <algorithm>
#include <utility>

#include "digest.h"

namespace tidemill::aws {
namespace {

Result<std::shared_ptr<const EventExpression>> compiled(std::string_view name,
                                                        const std::string& text,
                                                        const Services& services) {
  if (text.empty()) return nullptr;
  auto expression = services.compile(text);
  if (!expression)
    return fail(Fault::bad_config, std::string(name) + ": " + expression.error().message);
  return std::move(*expression);
}

}  // namespace

ConfigSpec<FifoOptions> fifo_spec() {
  return ConfigSpec<FifoOptions>("What a FIFO queue or topic wants to know of a message.")
      .field("group_id", &FifoOptions::group_id,
             "FIFO: jq that gives the group, whose messages keep their order; default: the key.")
      .field("deduplication_id", &FifoOptions::deduplication_id,
             "FIFO: jq that gives the id by which a repeat is known for five minutes; default: one "
             "that is the same at every repeat and of no other message.");
}

Result<FifoRules> FifoRules::make(const FifoOptions& options, bool fifo, const Services& services) {
  if (!fifo && !(options.group_id.empty() && options.deduplication_id.empty()))
    return fail(Fault::bad_config,
                "group_id and deduplication_id go with what is FIFO, whose name ends in .fifo");
  FifoRules rules;
  rules.fifo_ = fifo;
  auto group = compiled("group_id", options.group_id, services);
  if (!group) return std::unexpected(group.error());
  auto deduplication = compiled("deduplication_id", options.deduplication_id, services);
  if (!deduplication) return std::unexpected(deduplication.error());
  rules.group_ = std::move(*group);
  rules.deduplication_ = std::move(*deduplication);
  return rules;
}

Result<FifoIds> FifoRules::ids(const SinkBatch& batch, const Effect& effect) const {
  if (!fifo_) return FifoIds();
  const Event& event = batch.events[effect.event];
  std::string deduplication = effect_id(batch, effect);
  if (deduplication_) {
    auto text = deduplication_->text(event, effect);
    if (!text) return fail(text.error().fault, "deduplication_id: " + text.error().message);
    deduplication = std::move(*text);
  }
  std::string group(effect.key.empty() ? event.key : effect.key);
  if (group_) {
    auto text = group_->text(event, effect);
    if (!text) return fail(text.error().fault, "group_id: " + text.error().message);
    group = std::move(*text);
  }
  // Without a key there is no order to keep, and nothing that it should wait for.
  if (group.empty()) group = deduplication;
  return FifoIds{fifo_id(group), fifo_id(deduplication)};
}

std::string fifo_id(std::string_view text) {
  constexpr std::size_t bytes_max = 128;
  const auto graphic = [](char c) { return c > ' ' && c <= '~'; };
  if (!text.empty() && text.size() <= bytes_max && std::ranges::all_of(text, graphic))
    return std::string(text);
  return hex(sha256(text));
}

}  // namespace tidemill::aws

#include "core/rehearsal/stand_in_invoker.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "core/config/scalars.h"
#include "core/config/suggest.h"

namespace tidemill::rehearsal {
namespace {

// What effects view beside the request.
struct Texts {
  std::deque<std::string> kept;

  std::string_view keep(std::string text) { return kept.emplace_back(std::move(text)); }
};

bool decides_for_all(Act act) {
  return act == Act::raise || act == Act::timeout || act == Act::crash;
}

std::uint32_t index_of(const Emission& emission, const config::FunctionDecl& decl) {
  std::uint32_t index = 0;
  while (index < decl.outputs.size() && decl.outputs[index].name != emission.output) ++index;
  return index < decl.outputs.size() ? index : 0;
}

EffectKind kind_of(const Emission& emission, OutputKind output) {
  if (output == OutputKind::messages) return EffectKind::message;
  if (output == OutputKind::objects)
    return emission.removes ? EffectKind::delete_object : EffectKind::put_object;
  if (emission.merge) return EffectKind::merge_row;
  return emission.removes ? EffectKind::delete_row : EffectKind::put_row;
}

Effect effect_of(const Emission& emission, const config::FunctionDecl& decl, const Event& event,
                 Texts& texts) {
  Effect effect;
  effect.output = index_of(emission, decl);
  effect.kind = kind_of(emission, decl.outputs[effect.output].kind);
  if (emission.merge) {
    effect.merge = emission.merge->first;
    effect.operand = emission.merge->second;
  }
  effect.key = event.key;
  if (event.key.empty() && effect.kind != EffectKind::message)
    effect.key = texts.keep(event.id.empty() ? event_id(event) : std::string(event.id));
  if (emission.key) effect.key = *emission.key;
  effect.content_type = emission.content_type;
  const bool bare = emission.removes || emission.merge.has_value();
  if (!bare) effect.data = emission.data ? std::string_view(*emission.data) : event.data.view();
  return effect;
}

}  // namespace

std::string complaint_of(const Emission& emission, const config::FunctionDecl& decl) {
  std::vector<std::string> names;
  for (const auto& output : decl.outputs) names.push_back(output.name);
  if (emission.output.empty()) {
    if (names.size() == 1) return {};
    return fmt::format("function {} has {} outputs; say which `output` this goes to", decl.name,
                       names.size());
  }
  const auto* output = decl.output(emission.output);
  if (output == nullptr)
    return fmt::format("function {} has no output {}; {}", decl.name,
                       config::shown(emission.output),
                       config::suggest(emission.output, names, "its outputs"));
  if (emission.merge && output->kind != OutputKind::rows)
    return fmt::format("output {} carries {}; only rows are merged", output->name,
                       config::name_of(output->kind));
  if (emission.removes && output->kind == OutputKind::messages)
    return fmt::format("output {} carries messages, which cannot be deleted", output->name);
  return {};
}

Task<Answer> StandInInvoker::invoke(const Request& request) {
  if (role_.reserved != nullptr) co_await role_.reserved->enter();
  const Plan planned = plan(request);
  if (planned.takes.count() > 0) co_await sleep_until(scheduler_, scheduler_.now() + planned.takes);
  if (role_.reserved != nullptr) role_.reserved->leave();
  co_return answer(request, planned);
}

StandInInvoker::Plan StandInInvoker::plan(const Request& request) {
  static const Rule late{.act = Act::timeout};
  Plan plan;
  RuleBook::Turn turn(role_.rules);
  for (const Event& event : request.events) {
    const Rule* rule = turn.rule_for(journal_.name_of(event), event);
    plan.rules.push_back(rule);
    if (rule == nullptr) continue;
    plan.takes = std::max(plan.takes, rule->takes);
    if (plan.whole == nullptr && decides_for_all(rule->act)) plan.whole = rule;
  }
  if (plan.takes > request.timeout) plan.whole = &late;
  if (plan.whole != nullptr && plan.whole->act == Act::timeout) plan.takes = request.timeout;
  return plan;
}

std::string StandInInvoker::reason_of(const Rule& rule, const Request& request) const {
  if (rule.act == Act::raise) return rule.reason;
  if (rule.act == Act::crash) return fmt::format("function {}: its worker crashed", role_.name);
  const auto timeout = config::show_duration(request.timeout.count());
  if (role_.in_worker)
    return fmt::format("function {} took longer than its timeout of {}; its worker was killed",
                       role_.name, timeout);
  return fmt::format("function {} did not return within its timeout of {}", role_.name, timeout);
}

Answer StandInInvoker::answer(const Request& request, const Plan& plan) const {
  Answer answer;
  if (plan.whole != nullptr) {
    answer.error = Error{Fault::transient, reason_of(*plan.whole, request)};
    return answer;
  }
  const auto texts = std::make_shared<Texts>();
  for (std::uint32_t i = 0; i < plan.rules.size(); ++i) {
    const Rule* rule = plan.rules[i];
    if (rule == nullptr) continue;
    if (rule->act == Act::fail || rule->act == Act::reject)
      answer.failures.push_back(
          {i, rule->act == Act::reject ? Fault::bad_event : Fault::transient, rule->reason});
    std::uint32_t ordinal = 0;
    for (const Emission& emission : rule->emissions) {
      Effect effect = effect_of(emission, role_.decl, request.events[i], *texts);
      effect.event = i;
      effect.ordinal = ordinal++;
      answer.effects.push_back(effect);
    }
  }
  answer.keep = texts;
  return answer;
}

}  // namespace tidemill::rehearsal

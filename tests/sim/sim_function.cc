#include <deque>
#include <map>
#include <memory>

#include "tests/sim/edges.h"
#include "tests/sim/witness.h"

namespace tidemill::sim {
namespace {

std::string name_of(const Event& event) { return std::string(name_in(event.data.view())); }
std::uint64_t index_of(const Event& event) { return event_index(name_of(event)); }

}  // namespace

// What the function read of its table, and what it adds to it in this invocation.
struct SimInvoker::Counts {
  std::map<std::string, std::int64_t, std::less<>> rows;
  std::deque<std::string> texts;
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

Task<Answer> SimInvoker::invoke(const Request& request) {
  check(request);
  witness_.asked(request);
  const std::uint64_t trouble = scheduler_.random();
  const bool troubled = request.attempt == 1 && trouble % 1000 < flow_.batch_trouble;
  // A handler that hangs is given up at its timeout.
  const bool hangs = troubled && trouble % 3 == 0;
  const std::uint64_t usual_max = flow_.quick ? 1'000 : 400'000;
  const Duration takes = hangs ? flow_.config.timeout : Duration(scheduler_.random() % usual_max);
  const Instant middle = scheduler_.now() + takes / 2;
  Answer answer;
  auto counts = std::make_shared<Counts>();
  co_await sleep_until(scheduler_, middle);
  if (flow_.reads_rows) {
    for (const Event& event : request.events) {
      if (counts->rows.contains(event.key)) continue;
      answer.reads.push_back(
          {flow_.read_table(), RowGuard::hash_of(event.key), sequencer_.visible()});
      const auto& tables = world_.store.visible().tables;
      const auto table = tables.find(flow_.read_table().value);
      const std::string key(event.key);
      const bool found = table != tables.end() && table->second.contains(key);
      counts->rows[key] = found ? std::stoll(table->second.at(key).body) : 0;
    }
  }
  co_await sleep_until(scheduler_, scheduler_.now() + takes / 2);
  if (troubled) {
    const Fault fault = trouble % 3 == 1 ? Fault::throttled : Fault::transient;
    answer.error = Error{fault, hangs ? "took too long" : "is in trouble"};
    witness_.answered(request, answer);
    co_return answer;
  }
  for (std::uint32_t i = 0; i < request.events.size(); ++i)
    if (!fails(request, i, answer)) answer_rows(request.events[i], i, answer, *counts);
  if (answer.error) answer = Answer{.error = answer.error};
  answer.keep = counts;
  witness_.answered(request, answer);
  co_return answer;
}

void SimInvoker::check(const Request& request) {
  const BatchLimits& limits = flow_.config.batch;
  std::uint64_t bytes = 0;
  for (const Event& event : request.events) {
    bytes += event.bytes();
    world_.trace.note(event.data.view());
    const Nature nature = flow_.nature(event.partition.value, index_of(event));
    world_.expect(event.letter != 0 || nature != Nature::old,
                  name_of(event) + " is too old, and was tried");
    world_.expect(nature != Nature::filtered && nature != Nature::unmappable,
                  name_of(event) + " is not to pass the steps, and was tried");
    const std::string given = flow_.maps ? '"' + name_of(event) + '"' : name_of(event);
    world_.expect(event.data.view() == given, name_of(event) + " came as no map makes it");
  }
  world_.expect(!request.events.empty(), "an empty batch was invoked");
  world_.expect(request.events.size() <= limits.events, "a batch has too many events");
  world_.expect(bytes <= limits.bytes.value || request.events.size() == 1,
                "a batch has too many bytes");
  world_.expect(request.attempt <= flow_.config.retry.attempts, "a batch was tried too often");
}

bool SimInvoker::fails(const Request& request, std::uint32_t i, Answer& answer) const {
  const std::uint32_t partition = request.events[i].partition.value;
  const std::uint64_t index = index_of(request.events[i]);
  switch (world_.nature(flow_, partition, index)) {
    case Nature::flaky:
      if (request.attempt > flow_.flaky_tries(partition, index)) return false;
      answer.failures.push_back({i, Fault::transient, "not yet"});
      return true;
    case Nature::poison:
      answer.failures.push_back({i, Fault::bad_event, "poison"});
      return true;
    case Nature::never_ready:
      answer.failures.push_back({i, Fault::transient, "never ready"});
      return true;
    case Nature::throws:
      answer.error = Error{Fault::transient, "threw at an event"};
      return true;
    default:
      return false;
  }
}

// One row of every kind by key: Oracle::check_kinds() knows what they come to.
void SimInvoker::answer_kinds(const Event& event, std::uint32_t i, Answer& answer,
                              Counts& counts) const {
  const std::uint64_t index = index_of(event);
  const auto add = [&](EffectKind kind, MergeKind merge, std::string_view name) {
    Effect row{.kind = kind, .merge = merge, .event = i, .output = 1};
    row.operand = merge == MergeKind::count ? 1 : static_cast<std::int64_t>(index);
    row.key = counts.keep(std::string(name) + std::string(event.key));
    if (kind == EffectKind::put_row) row.data = counts.keep(std::to_string(index));
    answer.effects.push_back(row);
  };
  add(EffectKind::merge_row, MergeKind::count, "count:");
  add(EffectKind::merge_row, MergeKind::min, "min:");
  add(EffectKind::merge_row, MergeKind::max, "max:");
  add(EffectKind::merge_row, MergeKind::last, "last:");
  add(index % 3 == 0 ? EffectKind::delete_row : EffectKind::put_row, MergeKind::sum, "seen:");
}

// No two invocations reply the same.
void SimInvoker::answer_sender(const Event& event, std::uint32_t i, Answer& answer,
                               Counts& counts) const {
  const std::string name = name_of(event);
  std::string& reply = world_.replies[name];
  reply = name + " " + std::to_string(scheduler_.random());
  answer.effects.push_back({.kind = EffectKind::reply,
                            .event = i,
                            .output = no_output,
                            .operand = 200,
                            .data = counts.keep(reply)});
}

void SimInvoker::answer_rows(const Event& event, std::uint32_t i, Answer& answer,
                             Counts& counts) const {
  const Effect message{
      .event = i, .output = 0, .key = event.key, .data = name_in(event.data.view())};
  answer.effects.push_back(message);
  Effect row{.kind = EffectKind::merge_row, .event = i, .output = 1, .operand = 1};
  row.key = counts.keep("event:" + name_of(event));
  answer.effects.push_back(row);
  row.key = counts.keep("key:" + std::string(event.key));
  answer.effects.push_back(row);
  if (flow_.many_kinds) answer_kinds(event, i, answer, counts);
  if (flow_.replies) answer_sender(event, i, answer, counts);
  if (flow_.adds()) {
    row.output = 2;
    row.key = event.key;
    answer.effects.push_back(row);
  }
  if (!flow_.reads_rows) return;
  Effect count{.kind = EffectKind::put_row, .event = i, .output = 2, .key = event.key};
  count.data = counts.keep(std::to_string(++counts.rows.find(event.key)->second));
  answer.effects.push_back(count);
}

}  // namespace tidemill::sim

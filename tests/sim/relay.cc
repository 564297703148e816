#include "tests/sim/relay.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/streams/log_source.h"
#include "core/streams/queue_source.h"

namespace tidemill::sim {

Task<Answer> RelayCounter::invoke(const Request& request) {
  const Duration takes(static_cast<std::int64_t>(scheduler_.random() % 20'000));
  co_await sleep_until(scheduler_, scheduler_.now() + takes);
  Answer answer;
  auto keys = std::make_shared<std::deque<std::string>>();
  for (std::uint32_t i = 0; i < request.events.size(); ++i) {
    const Event& event = request.events[i];
    world_.trace.note(event.data.view());
    if (scheduler_.random() % 10 == 0) {
      answer.failures.push_back({i, Fault::transient, "not now"});
      continue;
    }
    const std::string& key =
        keys->emplace_back("relayed:" + std::string(name_in(event.data.view())));
    answer.effects.push_back({.kind = EffectKind::merge_row,
                              .event = i,
                              .output = 0,
                              .operand = 1,
                              .key = key,
                              .content_type = {},
                              .data = {},
                              .metadata = {}});
  }
  answer.keep = keys;
  co_return answer;
}

// Names are numbers: see ModelStore::stream().
Relay::Relay(Shared shared, const Flow& flow) : shared_(shared), flow_(flow) {
  const auto log = shared_.hub.log(std::to_string(flow.relay_log().value), Flow::relay_partitions);
  const auto queue = shared_.hub.queue(std::to_string(flow.relay_queue().value));
  if (!log || !queue) return;
  inlet_ = std::make_unique<Outlet>(**log, StreamLimits{});
  add_carrier(**log, **queue);
  add_counter(0, **queue);
  add_counter(1, **queue);
}

SinkBinding Relay::binding() {
  return {.name = "relay", .takes = Takes::event, .is_stream = true, .outlet = inlet_.get()};
}

void Relay::add_carrier(EmbeddedLog& log, EmbeddedQueue& queue) {
  Line& line = lines_.emplace_back();
  line.config.name = flow_.config.name + "-carry";
  line.config.id = flow_.relay_pipeline(0);
  line.config.batch.events = 3;
  line.config.durability = flow_.config.durability;
  line.source =
      std::make_unique<LogSource>(log, shared_.scheduler, shared_.log,
                                  LogSource::Options{line.config.name, line.config.id, {}, true});
  line.outlet = std::make_unique<Outlet>(queue, StreamLimits{.records = 5});
  line.binding = {.name = "queue",
                  .takes = Takes::event,
                  .is_stream = true,
                  .outlet = line.outlet.get(),
                  .group = expression::Expression::compile("$event.key").value()};
}

// One keeps the order of keys itself, the other has one of each group at a time.
void Relay::add_counter(std::uint32_t which, EmbeddedQueue& queue) {
  Line& line = lines_.emplace_back();
  line.config.name = flow_.config.name + "-count-" + std::to_string(which);
  line.config.id = flow_.relay_pipeline(1 + which);
  line.config.function = "relay";
  line.config.batch.events = 2 + which;
  line.config.parallel.batches = 2;
  line.config.order_by = which == 0 ? OrderBy::key : OrderBy::partition;
  line.config.durability = flow_.config.durability;
  line.config.retry.attempts = 1000;
  line.config.retry.backoff.max = std::chrono::milliseconds(300);
  auto source = std::make_unique<QueueSource>(
      queue, shared_.scheduler, QueueSource::Options{.keyed = which == 0, .until_idle = true});
  line.config.entries = source.get();
  line.source = std::move(source);
  line.counter.emplace(shared_.world, shared_.scheduler);
  line.binding = {.name = "rows", .table = flow_.relay_table(), .output = 0};
}

Task<> Relay::run(Line& line, const bool& draining) {
  Store& store = shared_.world.engine_store();
  const auto progress = store.progress(line.config.id, line.source->identity());
  if (progress) {
    const Result<> opened = co_await line.source->open(**progress);
    auto restored = store.log_progress(line.config.id);
    if (opened && restored) {
      std::vector<SinkBinding> bindings{line.binding};
      line.runner.emplace(PipelineRunner::Shared{shared_.scheduler, shared_.log, store,
                                                 shared_.sequencer, shared_.budget},
                          *line.source, line.counter ? &*line.counter : nullptr,
                          std::move(bindings), line.config, std::move(*restored));
      if (draining) line.runner->drain();
      std::ignore = co_await line.runner->run();
    }
  }
  co_await line.source->close();
  if (line.outlet) line.outlet->end();
}

}  // namespace tidemill::sim

#include "tests/sim/world.h"

#include <algorithm>

namespace tidemill::sim {

World::World(const Scenario& s, On on) : scenario(s), upstreams(s.flows.size()) {
  if (on != On::model)
    twin_ = std::make_unique<TwinStore>(
        scenario, store, on == On::rocksdb ? Syncs::honest : Syncs::ignored,
        [this](bool holds, const std::string& promise) { expect(holds, promise); });
  for (const Flow& flow : scenario.flows) {
    if (flow.progress != ProgressKind::queue) continue;
    auto& waiting = upstreams[flow.index].queue.waiting;
    for (std::uint64_t i = 0; i < flow.events_per_partition; ++i) {
      waiting.push_back({i, false});
      if (draw_of(flow.seed, 0, i, 4) % 1000 >= flow.redelivered) continue;
      waiting.push_back({i, true});
    }
    // Half of the repeats come right behind their event, the others when it has long settled.
    std::deque<Queue::Message> late;
    std::erase_if(waiting, [&](const Queue::Message& message) {
      const bool is_late = message.repeat && draw_of(flow.seed, 0, message.index, 5) % 2 == 0;
      if (is_late) late.push_back(message);
      return is_late;
    });
    waiting.insert(waiting.end(), late.begin(), late.end());
  }
}

Store& World::engine_store() {
  if (twin_) return *twin_;
  return store;
}

void World::replay_all() {
  if (store.is_broken()) return;
  for (const auto& [pipeline, contents] : store.visible().pipelines)
    for (const auto& [number, letter] : contents.dead)
      (letter.sink == "later" ? replayed_later : replayed).emplace(name_in(letter.data));
  for (const Flow& flow : scenario.flows) {
    const PipelineId id = flow.config.id;
    if (!store.visible().pipelines.contains(id)) continue;
    if (twin_) {
      twin_->replay_all(id, scenario.replay_gap);
    } else {
      store.replay_all(id, scenario.replay_gap);
    }
  }
}

bool World::replays_wait() const {
  return std::ranges::any_of(store.visible().pipelines,
                             [](const auto& one) { return !one.second.waiting.empty(); });
}

void World::crash(bool power, std::uint64_t random) {
  if (twin_) {
    twin_->crash(power, random);
  } else {
    store.crash(power, random);
  }
}

void World::hand_back() {
  for (Upstream& upstream : upstreams) {
    Queue& queue = upstream.queue;
    for (auto it = queue.handed_out.rbegin(); it != queue.handed_out.rend(); ++it)
      queue.waiting.push_front(it->second);
    queue.handed_out.clear();
  }
}

}  // namespace tidemill::sim

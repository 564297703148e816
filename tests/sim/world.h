// World: what survives the end of an engine - the disk under the store, the systems upstream, the
// receivers behind the sinks - and the list of broken promises.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/model_store.h"
#include "tests/sim/scenario.h"
#include "tests/sim/trace.h"
#include "tests/sim/twin_store.h"

namespace tidemill::sim {

/// A queue as its system keeps it: what was not acknowledged is handed out again.
struct Queue {
  struct Message {
    std::uint64_t index;
    bool repeat;  ///< Handed out twice, as queues do now and then.
  };
  std::deque<Message> waiting;
  std::map<std::uint64_t, Message> handed_out;  ///< By delivery number, in this life.
  std::uint64_t deliveries = 0;
};

struct Upstream {
  Queue queue;
  std::map<std::uint32_t, std::uint64_t> acked;  ///< Logs: how far, by partition.
  std::set<std::uint64_t> acked_events;          ///< Queues and objects: by index.
};

class World {
 public:
  /// `on` says what the engine's store is: the model alone, or RocksDB beside it, on a disk that
  /// can be trusted or on one that says of syncs only that they happened.
  enum class On { model, rocksdb, rocksdb_unsynced };
  World(const Scenario& scenario, On on);

  /// Notes the first broken promise.
  void expect(bool holds, const std::string& promise) {
    if (!holds && failure_.empty()) failure_ = promise;
  }
  const std::string& failure() const { return failure_; }

  Store& engine_store();

  /// What becomes of an event by now.
  Nature nature(const Flow& flow, std::uint32_t partition, std::uint64_t index) const {
    const Nature nature = flow.nature(partition, index);
    const bool stays = nature == Nature::filtered || nature == Nature::unmappable;
    return repaired && !stays ? Nature::healthy : nature;
  }

  /// Every dead letter waits for its replay from now on, where the store can be written.
  void replay_all();
  bool replays_wait() const;

  /// The process ends; with `power`, so does the machine.
  void crash(bool power, std::uint64_t random);

  /// The engine is gone: every queue hands out again what was not acknowledged, in order.
  void hand_back();

  const Scenario& scenario;
  Trace trace;
  ModelStore store;
  std::vector<Upstream> upstreams;  ///< By flow.
  /// By flow, sink and event's name: how often it was received.
  std::map<std::string, std::uint32_t> received;
  /// By flow and key, what the objects in its bucket hold: names of events.
  std::map<std::uint32_t, std::map<std::string, std::vector<std::string>>> objects;
  /// By flow, the number of the last transaction in its vault.
  std::map<std::uint32_t, std::uint64_t> vaults;
  bool repaired = false;  ///< Nothing has a reason to die any more.
  /// Names of events that were dead letters, and then to be replayed.
  std::set<std::string> replayed;
  /// Of those whose effects alone were, behind the outbox.
  std::set<std::string> replayed_later;
  /// By event's name, what the last invocation of it has replied,
  std::map<std::string, std::string> replies;
  /// and what its sender was told at first.
  std::map<std::string, std::string> told;
  /// As `received`: under which id.
  std::map<std::string, std::string> effect_ids;

 private:
  std::unique_ptr<TwinStore> twin_;
  std::string failure_;
};

}  // namespace tidemill::sim

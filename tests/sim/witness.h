// Witness: stands at the edges of one pipeline for as long as its runner lives, and tells whether
// what it sees fits together: what the function answered, what sinks got, what was committed.
//
// The oracle knows what is left of a life; the witness knows what must not have happened on the
// way there. It judges answers by itself, in the simplest way, and asks the product nothing.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dispatch/invoker.h"
#include "tests/sim/world.h"
#include "tidemill/sink.h"

namespace tidemill::sim {

class Witness {
 public:
  Witness(World& world, const Flow& flow) : world_(world), flow_(flow) {}

  /// The function is asked; until it has answered, and well, no sink may get anything.
  void asked(const Request& request);
  void answered(const Request& request, const Answer& answer);

  /// A sink has written. `names` are of the events, by effect; `answers` what it says of each.
  void wrote(std::string_view sink, const SinkBatch& batch, const std::vector<std::string>& names,
             const std::vector<Result<>>& answers);

  /// The store is about to write this.
  void commits(const CommitPart& part);

 private:
  using Place = std::pair<Partition, Offset>;

  enum class Said : std::uint8_t { nothing, settles, comes_again, dies };

  // What one sink got, since the function was last asked about the event.
  struct Got {
    std::map<Place, std::uint64_t> taken;  // When, the last time.
    std::set<Place> refused;               // Or failed as often as it may.
    std::map<Place, std::uint32_t> tries;  // In a row.
    std::set<Place> open;                  // Failed, or stands behind what did: is written again.
  };

  void expect(bool holds, std::string_view name, std::string_view promise);
  bool wants(std::string_view sink, std::string_view event) const;
  void check_delivery(std::string_view sink, Place place, const std::string& name);
  void check_from_outbox(const SinkBatch& batch, const std::vector<std::string>& names);
  void note_replayed_effects(const CommitPart& part);
  void check_queued(const CommitPart& part);
  void check_rows(const CommitPart& part);
  void check_left(const CommitPart& part);
  const QueuedEffect* queued_at(Place place) const;

  World& world_;
  const Flow& flow_;
  std::map<Place, Said> said_;
  std::map<std::string, Place, std::less<>> places_;  // By the event's name, of the last asked.
  std::map<std::string, Got, std::less<>> got_;       // By sink.
  std::uint64_t clock_ = 0;                           // Counts deliveries.
  std::uint64_t left_ = 0;        // The number of the last effect that left the outbox, and when
  std::uint64_t left_taken_ = 0;  // its sink had it.
  std::map<std::string, std::uint64_t> last_taken_;  // By domain of order: of what is committed.
};

}  // namespace tidemill::sim

// Dedupe: recognizes an event that comes again, while the first one is under way or after it has
// settled.
//
// The order of the two looks matters: an id is first entered among those under way and then looked
// for in the store. The other way round, an event that settles in between would be in neither.
//
// Lives on one executor.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/config/plan.h"
#include "core/dispatch/told.h"
#include "core/state/store.h"
#include "tidemill/async.h"
#include "tidemill/event.h"

namespace tidemill {

class Dedupe {
 public:
  /// Everything referred to outlives it. `replies`: what was told of an event is wanted when it
  /// comes again. Precondition: policy.by is not none.
  Dedupe(Scheduler& scheduler, Store& store, Executor disk, PipelineId pipeline,
         DedupePolicy policy, bool replies = false)
      : replies_(replies),
        scheduler_(scheduler),
        store_(store),
        disk_(std::move(disk)),
        pipeline_(pipeline),
        policy_(std::move(policy)) {}

  /// Empty for an event that does not have what the policy asks for: it is never a duplicate.
  std::optional<DedupeId> id_of(const Event& event) const;

  struct Sorted {
    std::vector<Event> fresh;    ///< In their order; their ids are under way from now on.
    std::vector<Event> settled;  ///< Settled within the horizon.
    std::vector<Told> told;      ///< Where replies are wanted: what was told of each of these.
  };

  /// Tells what came in apart. What repeats an event under way is held until forget(). Errors:
  /// transient (the store), after which the pipeline has to start over.
  Task<Result<Sorted>> sort(std::vector<Event> events);

  /// `event` has settled, and its mark is written. Answers the repeats that were held.
  std::vector<Event> forget(const Event& event);
  std::vector<Event> forget(const DedupeId& id);

 private:
  struct Hash {
    using is_avalanching = void;
    std::size_t operator()(const DedupeId& id) const noexcept { return id.low; }
  };

  template <class Look>
  Task<std::invoke_result_t<Look&>> look_up(Look look);

  const bool replies_;
  Scheduler& scheduler_;
  Store& store_;
  const Executor disk_;
  const PipelineId pipeline_;
  const DedupePolicy policy_;
  boost::unordered_flat_map<DedupeId, std::vector<Event>, Hash> under_way_;  // With their repeats.
};

}  // namespace tidemill

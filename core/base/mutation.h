// Mutations: deliberate faults in the engine that the simulator must notice, or it proves nothing.
//
// In the product mutated() is the constant false and the compiler removes the branch. The test
// `sim_mutants` compiles the same sources once more with TIDEMILL_MUTATIONS and turns them on one
// by one.
#pragma once

namespace tidemill {

enum class Mutation {
  none,
  commit_before_sinks,    ///< Progress becomes durable although a sink has not written yet.
  forget_settled_ranges,  ///< What settled ahead of a hole is not remembered.
  skip_failed_event,      ///< A failed event does not pin `next`.
};

#ifdef TIDEMILL_MUTATIONS
inline Mutation active_mutation = Mutation::none;
inline bool mutated(Mutation mutation) { return active_mutation == mutation; }
#else
constexpr bool mutated(Mutation) { return false; }
#endif

}  // namespace tidemill

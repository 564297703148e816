#include "tests/sim/vault.h"

#include "tests/sim/edges.h"

namespace tidemill::sim {

// Takes its time; false where nobody has heard of it.
Task<bool> SimVault::answers() {
  const Duration takes(static_cast<Duration::rep>(scheduler_.random() % 20'000));
  co_await sleep_until(scheduler_, scheduler_.now() + takes);
  co_return scheduler_.random() % 1000 >= flow_.vault_flaky;
}

Task<Result<std::uint64_t>> SimVault::recover(std::optional<InDoubt>) {
  pending_.clear();
  const bool answered = co_await answers();
  if (!answered) co_return fail(Fault::unavailable, "away");
  co_return world_.vaults[flow_.index];
}

Task<Result<>> SimVault::begin(std::uint64_t number) {
  world_.expect(number == world_.vaults[flow_.index] + 1, "a transaction has another's number");
  world_.expect(pending_.empty(), "a transaction begins while another is under way");
  const bool answered = co_await answers();
  if (!answered) co_return fail(Fault::unavailable, "away");
  co_return Result<>{};
}

Task<std::vector<Result<>>> SimVault::write(SinkBatch batch) {
  const bool answered = co_await answers();
  std::vector<Result<>> results;
  for (const Effect& effect : batch.effects) {
    if (answered) pending_.emplace_back(effect.data);
    results.push_back(answered ? Result<>{} : fail(Fault::unavailable, "away"));
  }
  co_return results;
}

Task<Result<>> SimVault::prepare() {
  const bool answered = co_await answers();
  if (!answered) co_return fail(Fault::unavailable, "away");
  co_return Result<>{};
}

// Before its answer or behind it, the engine may end.
Task<Result<>> SimVault::commit() {
  const bool answered = co_await answers();
  if (!answered && scheduler_.random() % 2 == 0) co_return fail(Fault::unavailable, "away");
  take_place();
  const bool heard = co_await answers();
  if (!answered || !heard) co_return fail(Fault::unavailable, "silent");
  co_return Result<>{};
}

void SimVault::take_place() {
  ++world_.vaults[flow_.index];
  for (const std::string& name : pending_) {
    ++world_.received[receipt(name, "vault")];
    world_.trace.note(name);
  }
  pending_.clear();
}

Task<> SimVault::abort() {
  pending_.clear();
  co_return;
}

Vault::Vault(World& world, const Flow& flow, Scheduler& scheduler, Log& log, Store& store,
             CommitSequencer& sequencer)
    : sink_(world, flow, scheduler),
      transactor_({scheduler, log, store, sequencer}, sink_,
                  {.pipeline = flow.config.name,
                   .id = flow.config.id,
                   .sink = "vault",
                   .durability = flow.config.durability,
                   .backoff = flow.sink_retry.backoff}) {}

SinkBinding Vault::binding() {
  return {.name = "vault", .sink = &sink_, .output = 0, .transactional = true};
}

}  // namespace tidemill::sim

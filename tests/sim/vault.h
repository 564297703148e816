// Vault: a sink with transactions of one flow, slow, away now and then, and sometimes silent about
// what has become of a commit. Made anew with each line; what it holds is the World's.
#pragma once

#include <string>
#include <vector>

#include "core/dispatch/sink_binding.h"
#include "core/dispatch/transactor.h"
#include "tests/sim/world.h"
#include "tidemill/transactional_sink.h"

namespace tidemill::sim {

class SimVault final : public TransactionalSink {
 public:
  SimVault(World& world, const Flow& flow, Scheduler& scheduler)
      : world_(world), flow_(flow), scheduler_(scheduler) {}

  SinkTraits traits() const override {
    return {.idempotence = Idempotence::atomic, .takes_messages = true};
  }
  std::string place() const override { return "vault:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<Result<std::uint64_t>> recover(std::optional<InDoubt> doubt) override;
  Task<Result<>> begin(std::uint64_t number) override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<Result<>> prepare() override;
  Task<Result<>> commit() override;
  Task<> abort() override;
  Task<> close() override { co_return; }

 private:
  Task<bool> answers();
  void take_place();

  World& world_;
  const Flow& flow_;
  Scheduler& scheduler_;
  std::vector<std::string> pending_;
};

class Vault {
 public:
  Vault(World& world, const Flow& flow, Scheduler& scheduler, Log& log, Store& store,
        CommitSequencer& sequencer);

  SinkBinding binding();
  Transactor& transactor() { return transactor_; }

 private:
  SimVault sink_;
  Transactor transactor_;
};

}  // namespace tidemill::sim

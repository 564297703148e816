// RecordingSink: a sink of a rehearsal. It is what the real one says that it is, and writes nothing
// but the journal; what it is told to refuse it refuses.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/rehearsal/journal.h"
#include "core/rehearsal/rule_book.h"
#include "tidemill/sink.h"

namespace tidemill::rehearsal {

class RecordingSink final : public Sink {
 public:
  /// `real` is never opened. `name` is PIPELINE.SINK.
  RecordingSink(std::unique_ptr<Sink> real, std::string name, RuleBook rules, Scheduler& scheduler,
                Journal& journal)
      : real_(std::move(real)),
        name_(std::move(name)),
        rules_(std::move(rules)),
        scheduler_(scheduler),
        journal_(journal) {}

  SinkTraits traits() const override { return real_->traits(); }
  std::string place() const override { return real_->place(); }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override { co_return; }

 private:
  std::unique_ptr<Sink> real_;
  const std::string name_;
  RuleBook rules_;
  Scheduler& scheduler_;
  Journal& journal_;
};

}  // namespace tidemill::rehearsal

// RecordingArchive: an archive of a rehearsal. Which objects there are, how they are called and
// when they are made decide the engine and the real sink; none is made, and what each would hold
// goes into the journal. What it is told to refuse it refuses, the whole object.
#pragma once

#include <boost/json/array.hpp>
#include <memory>
#include <string>

#include "core/rehearsal/journal.h"
#include "core/rehearsal/rule_book.h"
#include "tidemill/staged_sink.h"

namespace tidemill::rehearsal {

class RecordingArchive final : public StagedSink {
 public:
  /// `real` is a staged sink, and never opened. `name` is PIPELINE.SINK.
  RecordingArchive(std::unique_ptr<Sink> real, std::string name, RuleBook rules,
                   Scheduler& scheduler, Journal& journal)
      : real_(std::move(real)),
        name_(std::move(name)),
        rules_(std::move(rules)),
        scheduler_(scheduler),
        journal_(journal) {}

  SinkTraits traits() const override { return real_->traits(); }
  std::string place() const override { return real_->place(); }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<> close() override { co_return; }

  StagePolicy policy() const override { return real_->staged()->policy(); }
  ObjectPlan plan(Hour hour, std::string_view name) const override {
    return real_->staged()->plan(hour, name);
  }
  Task<Result<>> begin(const ObjectPlan& plan) override;
  Task<Result<>> add(std::span<const Event> events) override;
  Task<Result<std::uint64_t>> finish() override;
  Task<> abandon() override;

 private:
  std::unique_ptr<Sink> real_;
  const std::string name_;
  RuleBook rules_;
  Scheduler& scheduler_;
  Journal& journal_;
  // Of the object that is being made.
  std::string key_;
  boost::json::array data_;
  std::uint64_t bytes_ = 0;
};

}  // namespace tidemill::rehearsal

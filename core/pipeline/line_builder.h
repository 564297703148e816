// LineBuilder: makes pipelines out of a plan - again and again, since after a failed write they are
// all made anew.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config/plan.h"
#include "core/dispatch/suspects.h"
#include "core/dispatch/tap.h"
#include "core/invoke/crash_record.h"
#include "core/pipeline/function_host.h"
#include "core/pipeline/line.h"
#include "core/pipeline/stream_builder.h"
#include "core/state/rocks_store.h"
#include "tidemill/registry.h"

namespace tidemill {

class Metrics;

class LineBuilder {
 public:
  /// What pipelines are made of, and with; all outlives the lines.
  struct Parts {
    const Plan& plan;
    const Registry& registry;
    RocksStore& store;
    FunctionHost& functions;
    CrashRecord& record;
    CommitSequencer& sequencer;
    MemoryBudget& budget;
    StreamHub& streams;
    TapBoard& taps;
    Metrics* metrics;  ///< Null: nobody counts.
    Services services;
  };

  explicit LineBuilder(Parts parts)
      : parts_(std::move(parts)),
        streams_({parts_.plan, parts_.store, parts_.streams, parts_.services}) {}

  /// Every pipeline of the plan, connected to nothing yet. Errors: bad_config, transient.
  Result<std::vector<std::unique_ptr<Line>>> build();

 private:
  Result<std::unique_ptr<Line>> build_line(const PipelinePlan& plan);
  Result<> add_source(const PipelinePlan& plan, Line::Parts& line);
  Result<> add_function(const PipelinePlan& plan, Line::Parts& line);
  Result<> add_sink(const PipelinePlan& plan, const SinkPlan& sink, Takes takes, Line::Parts& line);
  Services services_for_one(Line::Parts& line);
  Result<> bind_archive(const PipelinePlan& plan, const SinkPlan& sink, StagedSink& staged,
                        SinkBinding& binding, Line::Parts& line);
  void bind_transactor(TransactionalSink& sink, SinkBinding& binding, Line::Parts& line);
  Result<> bind_table(const SinkPlan& sink, SinkBinding& binding, Line::Parts& line);
  Result<> bind_aggregate(const SinkPlan& sink, SinkBinding& binding, Line::Parts& line);
  const RecordedSuspects* suspects_of(const BatchOrigin& origin, const PipelinePlan& plan);

  Parts parts_;
  StreamBuilder streams_;
  std::vector<std::unique_ptr<RecordedSuspects>> suspects_;
};

}  // namespace tidemill

// StreamBuilder: makes the sources and outlets of a plan's queues, logs and changes of tables.
//
// Part of LineBuilder: prepare() whenever all pipelines are made anew, then once for each of them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/config/plan.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/pipeline/line.h"
#include "core/state/rocks_store.h"
#include "core/streams/outlet.h"
#include "core/streams/stream_hub.h"
#include "tidemill/registry.h"

namespace tidemill {

class StreamBuilder {
 public:
  struct Parts {
    const Plan& plan;
    RocksStore& store;
    StreamHub& hub;
    Services services;
  };

  explicit StreamBuilder(Parts parts) : parts_(std::move(parts)) {}

  /// Makes every log with its partitions and its retention, and lets the store feed the changes of
  /// the tables whose changes somebody reads or keeps. Errors: bad_config, transient.
  Result<> prepare();

  /// The source of a pipeline whose kind is the engine's own. Errors: bad_config, transient.
  Result<> add_source(const PipelinePlan& plan, Line::Parts& line);

  /// Binds a sink of kind queue or log. Errors: bad_config, transient.
  Result<> bind_stream(const SinkPlan& sink, SinkBinding& binding, Line::Parts& line);

  /// Binds a table to its changes, if it has them.
  void bind_changes(const std::string& table, SinkBinding& binding, Line::Parts& line);

 private:
  Result<> prepare_sink(const SinkPlan& sink);
  Result<> feed(const std::string& table, const LogRetention* retention);
  void add_outlet(EmbeddedStream& stream, StreamLimits limits, std::optional<TableId> table,
                  SinkBinding& binding, Line::Parts& line);

  Parts parts_;
  std::map<std::string, EmbeddedLog*> changes_;  // By table.
};

}  // namespace tidemill

// Plan: what a user's files say, checked and resolved. The engine is built from it and reads no
// YAML.
//
// Written once by load_plan() (loader.h); plain values, free to copy.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/durability.h"
#include "core/config/mark.h"
#include "tidemill/config_spec.h"
#include "tidemill/time.h"

namespace tidemill {

/// A batch closes at whichever limit it reaches first.
struct BatchLimits {
  std::uint32_t events = 100;
  ByteSize bytes{6 * 1024 * 1024};
  Duration window{0};  ///< 0: never wait for more.
};

enum class Jitter { full, none };

struct Backoff {
  Duration initial = std::chrono::milliseconds(200);
  Duration max = std::chrono::seconds(30);
  Jitter jitter = Jitter::full;
};

struct RetryPolicy {
  std::uint32_t attempts = 3;  ///< Tries in all: AWS's MaximumRetryAttempts + 1.
  Backoff backoff;
  Duration max_age{0};  ///< From the event's time, else from ingest; 0: no limit.
  bool bisect = true;   ///< Split a batch that failed as a whole; a split spends no attempt.
};

struct Parallel {
  std::uint32_t batches = 4;        ///< Invocations of this pipeline at once.
  std::uint32_t per_partition = 1;  ///< Of these, from one partition.
};

enum class OrderBy { partition, key };

/// What makes an event the same event when it comes again.
enum class DedupeBy {
  none,
  native,     ///< The source system's own id.
  header,     ///< A header, or CloudEvents extension attribute.
  body_hash,  ///< The payload.
};

struct DedupePolicy {
  DedupeBy by = DedupeBy::none;
  std::string header;  ///< DedupeBy::header: its name.
  Duration horizon = std::chrono::hours(1);
};

struct DeadLetterPolicy {
  bool enabled = true;  ///< Off: given-up events are dropped, and counted as dead-lettered.
  Duration keep = std::chrono::days(14);
};

/// How an effect reaches its sink.
enum class Delivery {
  wait,   ///< Written before its event commits.
  queue,  ///< Committed into a durable queue, so that a slow sink stalls only itself.
};

/// A source or sink by the name of its kind, with options that were checked against its spec.
struct ConnectorPlan {
  std::string kind;
  ResolvedOptions options;
  Mark where;
};

/// What happens to events before the function.
struct StepPlan {
  enum class Kind { filter, map };
  Kind kind = Kind::filter;
  std::string text;  ///< A pattern as JSON, or jq.
};

struct SinkPlan {
  std::string name;
  std::string from;  ///< An output of the function, or "event".
  std::string when;  ///< A pattern as JSON; empty: it takes all of them.
  std::string map;   ///< jq; empty: it gets what there is.
  ConnectorPlan connector;
  std::optional<RetryPolicy> retry;  ///< Only attempts and backoff; else the pipeline's.
  Delivery delivery = Delivery::wait;
  bool transactional = false;  ///< Its effects are written in transactions.
  Mark where;
};

struct PipelinePlan {
  std::string name;
  std::string renamed_from;
  Mark where;
  ConnectorPlan source;
  std::vector<StepPlan> steps;
  std::string function;  ///< Name in Plan::functions; empty: events go straight to the sinks.
  BatchLimits batch;
  Parallel parallel;
  OrderBy order_by = OrderBy::partition;
  RetryPolicy retry;
  DedupePolicy dedupe;
  Durability durability = Durability::sync;
  DeadLetterPolicy dead_letter;
  std::vector<SinkPlan> sinks;
  std::optional<SinkPlan> on_success;  ///< Takes a record of every event that settled.
  std::optional<SinkPlan> on_failure;  ///< Takes a record of every event that was given up.
};

/// Where a handler runs.
enum class Isolation {
  in_process,  ///< In the engine: fastest. Deadlines and memory are the handler's own to mind.
  worker,  ///< In processes of its own: hard timeouts and memory, a crash fails its batch alone.
};

struct FunctionPlan {
  std::string name;
  Mark where;
  std::string native;      ///< As written: a plugin's name on the plugin path, or a path to a .so.
  std::string folder;      ///< Of the file it stands in, absolute: where a path in `native` starts.
  ResolvedOptions config;  ///< Checked against what the plugin declares.
  Isolation isolation = Isolation::in_process;
  Duration timeout = std::chrono::seconds(30);
  ByteSize memory{512 * 1024 * 1024};  ///< In process, of one response; in a worker, in all.
  std::uint32_t reserved = 0;     ///< Most concurrent invocations over all pipelines; 0: no cap.
  std::uint32_t provisioned = 0;  ///< Instances created before the first event.
};

struct Plan {
  std::string name_space;  ///< `namespace:` of the files; empty when they have none.
  std::vector<PipelinePlan> pipelines;
  std::vector<FunctionPlan> functions;

  const FunctionPlan* function(std::string_view name) const {
    for (const auto& f : functions)
      if (f.name == name) return &f;
    return nullptr;
  }
};

}  // namespace tidemill

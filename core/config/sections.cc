#include "core/config/sections.h"

#include <algorithm>
#include <chrono>

namespace tidemill::config {
namespace {

constexpr double second = 1e6;
constexpr double hour = 3600 * second;
constexpr double day = 24 * hour;
constexpr double mib = 1024 * 1024;

// Beyond these no machine of ours gains, and a typo of three digits is likelier than a wish.
constexpr double batch_events_max = 100'000;
constexpr double batch_bytes_max = 1024 * mib;
constexpr double side_by_side_max = 1024;
constexpr double attempts_max = 10'001;  // AWS's MaximumRetryAttempts goes to 10 000.

}  // namespace

ConfigSpec<BatchLimits> batch_spec() {
  return ConfigSpec<BatchLimits>("A batch closes at whichever limit it reaches first.")
      .field("events", &BatchLimits::events, "Most events in one invocation.",
             in_range(1, batch_events_max))
      .field("bytes", &BatchLimits::bytes,
             "Most bytes in one invocation, objects included; a larger event travels alone.",
             in_range(1, batch_bytes_max))
      .field("window", &BatchLimits::window,
             "How long the first event of a batch waits for more; 0 never waits.",
             in_range(0, hour));
}

ConfigSpec<Parallel> parallel_spec() {
  return ConfigSpec<Parallel>("How many invocations of this pipeline run side by side.")
      .field("batches", &Parallel::batches, "Most invocations at once.",
             in_range(1, side_by_side_max))
      .field("per_partition", &Parallel::per_partition, "Of these, most from one partition.",
             in_range(1, side_by_side_max))
      .check("parallel.per_partition must not be larger than parallel.batches",
             [](const Parallel& p) { return p.per_partition <= p.batches; });
}

ConfigSpec<Backoff> backoff_spec() {
  return ConfigSpec<Backoff>("The wait before the next try; it doubles from try to try.")
      .field("initial", &Backoff::initial, "Wait before the second try.", in_range(0, day))
      .field("max", &Backoff::max, "Longest wait.", in_range(0, day))
      .choice("jitter", &Backoff::jitter,
              "full: a random part of the wait, so that retries do not come in waves.",
              {{"full", Jitter::full}, {"none", Jitter::none}})
      .check("backoff.max must not be shorter than backoff.initial",
             [](const Backoff& b) { return b.max >= b.initial; });
}

ConfigSpec<RetryPolicy> retry_spec() {
  return ConfigSpec<RetryPolicy>("When a failed event is tried again, and when it is given up.")
      .field("attempts", &RetryPolicy::attempts, "Tries in all.", in_range(1, attempts_max))
      .group("backoff", &RetryPolicy::backoff, backoff_spec())
      .field("max_age", &RetryPolicy::max_age,
             "Give up events older than this, counted from the event's time; 0 has no limit.")
      .field("bisect", &RetryPolicy::bisect,
             "Split a batch that failed as a whole, to find the event that fails it.");
}

ConfigSpec<RetryPolicy> sink_retry_spec() {
  return ConfigSpec<RetryPolicy>("When a failed write is tried again.")
      .field("attempts", &RetryPolicy::attempts, "Tries in all.", in_range(1, attempts_max))
      .group("backoff", &RetryPolicy::backoff, backoff_spec());
}

ConfigSpec<DeadLetterPolicy> dead_letter_spec() {
  return ConfigSpec<DeadLetterPolicy>(
             "Where events go that were given up; `off` drops and counts them.")
      .field("keep", &DeadLetterPolicy::keep, "How long a dead letter can be replayed.",
             at_least(second));
}

ConfigSpec<DedupePolicy> dedupe_spec() {
  return ConfigSpec<DedupePolicy>(
             "How an event that comes again is recognized; it then has no effect but its "
             "acknowledgement.")
      .choice("id", &DedupePolicy::by, "What makes it the same event.",
              {{"none", DedupeBy::none},
               {"native", DedupeBy::native},
               {"header", DedupeBy::header},
               {"body_hash", DedupeBy::body_hash}})
      .field("header", &DedupePolicy::header, "With `id: header`: the header's name.")
      .field("horizon", &DedupePolicy::horizon, "How long after it has settled.",
             in_range(second, 31 * day))
      .check("dedupe with id: header needs the name of a `header`",
             [](const DedupePolicy& d) { return d.by != DedupeBy::header || !d.header.empty(); });
}

ConfigSpec<FileOptions> file_spec() {
  return ConfigSpec<FileOptions>("A pipeline file.")
      .choice("version", &FileOptions::version, "Version of this language.",
              {{"1", FormatVersion::v1}})
      .field("namespace", &FileOptions::name_space,
             "Prefix of ids and labels, so that engines with the same names do not meet.");
}

ConfigSpec<PipelineOptions> pipeline_spec() {
  return ConfigSpec<PipelineOptions>("Events from one source, through a function, into sinks.")
      .field("function", &PipelineOptions::function,
             "Short form of a lone step: a name under `functions:`.")
      .choice("order_by", &PipelineOptions::order_by,
              "What keeps its order: each partition, or each key of a partition.",
              {{"partition", OrderBy::partition}, {"key", OrderBy::key}})
      .choice("durability", &PipelineOptions::durability,
              "sync: every commit is on disk before it counts. periodic: within a second; "
              "acknowledgements wait for it.",
              {{"sync", Durability::sync}, {"periodic", Durability::periodic}})
      .field("renamed_from", &PipelineOptions::renamed_from,
             "Former name, whose progress and state this pipeline takes over.");
}

ConfigSpec<SinkOptions> sink_spec() {
  return ConfigSpec<SinkOptions>("Where an output goes.")
      .field("from", &SinkOptions::from,
             "An output of the function (default: the one of the sink's name), or `event`.")
      .choice(
          "delivery", &SinkOptions::delivery,
          "wait: written before its events commit. queue: committed into a durable queue of its "
          "own, so that this sink stalls only itself.",
          {{"wait", Delivery::wait}, {"queue", Delivery::queue}});
}

ConfigSpec<FunctionOptions> function_spec() {
  return ConfigSpec<FunctionOptions>("A named deployment of a handler.")
      .field("native", &FunctionOptions::native,
             "A plugin by its name on the plugin path, or a path to a .so.", Need::required)
      .choice("isolation", &FunctionOptions::isolation,
              "Where the handler runs: in the engine's process, or in worker processes that can be "
              "killed.",
              {{"in_process", Isolation::in_process}, {"worker", Isolation::worker}})
      .field("timeout", &FunctionOptions::timeout, "How long one invocation may take.",
             in_range(1000, day))
      .field("memory", &FunctionOptions::memory,
             "Memory of one worker. In process nothing enforces it but for responses.",
             at_least(mib));
}

ConfigSpec<ConcurrencyOptions> concurrency_spec() {
  return ConfigSpec<ConcurrencyOptions>("How many instances of the function there may be.")
      .field("reserved", &ConcurrencyOptions::reserved,
             "Most invocations at once over all pipelines; 0 has no cap.",
             in_range(0, side_by_side_max))
      .field("provisioned", &ConcurrencyOptions::provisioned,
             "Instances created before the first event.", in_range(0, side_by_side_max))
      .check("concurrency.provisioned must not be larger than concurrency.reserved",
             [](const ConcurrencyOptions& c) {
               return c.reserved == 0 || c.provisioned <= c.reserved;
             });
}

ConfigSpec<TableSinkOptions> table_sink_spec() {
  return ConfigSpec<TableSinkOptions>(
             "A table of the engine: rows commit together with the source's progress.")
      .field("name", &TableSinkOptions::name, "Name of the table; default: the sink's name.")
      .field(
          "key", &TableSinkOptions::key,
          "With `from: event`: jq that gives a row's key, as .id or $event.subject; default: the "
          "event's key, else its id.")
      .field("expire", &TableSinkOptions::expire,
             "A row is gone when this long has passed since it last changed; default: never.",
             at_least(second))
      .group("changes", &TableSinkOptions::changes, retention_spec());
}

bool is_own_source(std::string_view kind) {
  return kind == queue_kind || kind == log_kind || kind == changes_kind;
}

bool is_own_sink(std::string_view kind) {
  return kind == table_kind || kind == aggregate_kind || kind == queue_kind || kind == log_kind;
}

std::vector<KindDecl> source_kinds(const Registry& registry) {
  std::vector<KindDecl> kinds;
  for (const auto& [name, kind] : registry.sources())
    kinds.push_back({name, kind.summary, &kind.options, kind.idempotence});
  static const auto queue = queue_source_spec();
  static const auto log = log_source_spec();
  static const auto changes = changes_source_spec();
  kinds.push_back({queue_kind, queue.summary(), &queue.decls(), {}});
  kinds.push_back({log_kind, log.summary(), &log.decls(), {}});
  kinds.push_back({changes_kind, changes.summary(), &changes.decls(), {}});
  std::ranges::sort(kinds, {}, &KindDecl::name);
  return kinds;
}

std::vector<KindDecl> sink_kinds(const Registry& registry) {
  static const ConfigSpec<TableSinkOptions> table = table_sink_spec();
  std::vector<KindDecl> kinds;
  for (const auto& [name, kind] : registry.sinks())
    kinds.push_back({name, kind.summary, &kind.options, kind.idempotence});
  static const auto queue = queue_sink_spec();
  static const auto log = log_sink_spec();
  static const auto aggregate = aggregate_sink_spec();
  kinds.push_back({aggregate_kind, aggregate.summary(), &aggregate.decls(), Idempotence::atomic});
  kinds.push_back({table_kind, table.summary(), &table.decls(), Idempotence::atomic});
  kinds.push_back({queue_kind, queue.summary(), &queue.decls(), Idempotence::atomic});
  kinds.push_back({log_kind, log.summary(), &log.decls(), Idempotence::atomic});
  std::ranges::sort(kinds, {}, &KindDecl::name);
  return kinds;
}

}  // namespace tidemill::config

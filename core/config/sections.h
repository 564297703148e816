// The engine's own options, each declared once: validation, defaults, JSON Schema, `describe` and
// the reference all read these specs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/plan.h"
#include "tidemill/config_spec.h"
#include "tidemill/registry.h"

namespace tidemill::config {

ConfigSpec<BatchLimits> batch_spec();
ConfigSpec<Parallel> parallel_spec();
ConfigSpec<Backoff> backoff_spec();
ConfigSpec<RetryPolicy> retry_spec();

/// A sink's own retries: attempts and backoff. Age and bisection are the pipeline's to decide.
ConfigSpec<RetryPolicy> sink_retry_spec();

/// Beside `off`, which is not an option but the absence of all of them.
ConfigSpec<DeadLetterPolicy> dead_letter_spec();

/// How an event is recognized that comes again.
ConfigSpec<DedupePolicy> dedupe_spec();

enum class FormatVersion { v1 };

/// The lone options of a file; the rest of it are sections.
struct FileOptions {
  FormatVersion version = FormatVersion::v1;
  std::string name_space;
};
ConfigSpec<FileOptions> file_spec();

/// The lone options of a pipeline.
struct PipelineOptions {
  std::string function;
  OrderBy order_by = OrderBy::partition;
  Durability durability = Durability::sync;
  std::string renamed_from;
};
ConfigSpec<PipelineOptions> pipeline_spec();

/// The lone options of a sink.
struct SinkOptions {
  std::string from;
  Delivery delivery = Delivery::wait;
};
ConfigSpec<SinkOptions> sink_spec();

struct FunctionOptions {
  std::string native;
  Isolation isolation = Isolation::in_process;
  Duration timeout = FunctionPlan{}.timeout;
  ByteSize memory = FunctionPlan{}.memory;
};
ConfigSpec<FunctionOptions> function_spec();

struct ConcurrencyOptions {
  std::uint32_t reserved = 0;
  std::uint32_t provisioned = 0;
};
ConfigSpec<ConcurrencyOptions> concurrency_spec();

/// How long a log keeps what it holds, at most.
struct RetentionOptions {
  Duration age = std::chrono::days(7);
  std::optional<ByteSize> bytes;
};
ConfigSpec<RetentionOptions> retention_spec();

/// The sink kind `table` is the engine's own: rows commit together with progress.
struct TableSinkOptions {
  std::string name;
  std::string key;
  std::optional<Duration> expire;
  RetentionOptions changes;
};
ConfigSpec<TableSinkOptions> table_sink_spec();
inline constexpr std::string_view table_kind = "table";

/// The sink kind `aggregate` keeps a table by folding events into it.
struct WindowOptions {
  Duration tumbling{0};
  Duration hopping{0};
  Duration every{0};
  Duration allowed_lateness{0};
  std::optional<Duration> idle;

  /// 0: there are no windows.
  Duration length() const { return std::max(tumbling, hopping); }
};

enum class Emit {
  on_update,  ///< Every commit that changes a row.
  on_close,   ///< Once, when the row's window closes.
};

struct AggregateSinkOptions {
  std::string table;
  std::string key;
  std::string time;
  bool count = false;
  std::string sum, min, max, avg;
  WindowOptions window;
  Emit emit = Emit::on_update;
  std::optional<Duration> retention;
  RetentionOptions changes;
};
ConfigSpec<AggregateSinkOptions> aggregate_sink_spec();
inline constexpr std::string_view aggregate_kind = "aggregate";

/// The engine's own queues and logs, which commit in the same way.
struct QueueSinkOptions {
  std::string name;
  std::string group;
  Duration delay{0};
  std::uint64_t max_messages = 1'000'000;
  ByteSize max_bytes{std::uint64_t{1} << 30};
  bool continues = false;
};
ConfigSpec<QueueSinkOptions> queue_sink_spec();
inline constexpr std::string_view queue_kind = "queue";

struct LogSinkOptions {
  std::string name;
  std::uint32_t partitions = 1;
  RetentionOptions retention;
  std::optional<ByteSize> max_bytes;
};
ConfigSpec<LogSinkOptions> log_sink_spec();
inline constexpr std::string_view log_kind = "log";

struct QueueSourceOptions {
  std::string name;
  Duration visibility{0};
};
ConfigSpec<QueueSourceOptions> queue_source_spec();

struct LogSourceOptions {
  std::string name;
  std::string start = "earliest";
};
ConfigSpec<LogSourceOptions> log_source_spec();

struct ChangesSourceOptions {
  std::string table;
  std::string start = "earliest";
};
ConfigSpec<ChangesSourceOptions> changes_source_spec();
inline constexpr std::string_view changes_kind = "changes";

/// A source of the engine's own, that no registry builds.
bool is_own_source(std::string_view kind);
/// Likewise a sink: what goes there commits with its events.
bool is_own_sink(std::string_view kind);

/// What a start of "latest", "earliest" or an RFC 3339 instant means: the instant, in microseconds.
/// Empty when it is none of these.
struct Start {
  enum class At { earliest, latest, time } at = At::earliest;
  std::uint64_t time = 0;
};
std::optional<Start> parse_start(std::string_view text);

/// A kind of source or sink as readers of declarations see it. Refers to what it was made from.
struct KindDecl {
  std::string_view name;
  std::string_view summary;
  const std::vector<OptionDecl>* options;
  std::optional<Idempotence> idempotence;  ///< Sinks only.
};

/// All kinds, by name; the engine's own included. Valid as long as the registry.
std::vector<KindDecl> source_kinds(const Registry& registry);
std::vector<KindDecl> sink_kinds(const Registry& registry);

}  // namespace tidemill::config

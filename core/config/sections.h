// The engine's own options, each declared once: validation, defaults, JSON Schema, `describe` and
// the reference all read these specs.
#pragma once

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

/// The sink kind `table` is the engine's own: rows commit together with progress.
struct TableSinkOptions {
  std::string name;
  std::string key;
  std::optional<Duration> expire;
};
ConfigSpec<TableSinkOptions> table_sink_spec();
inline constexpr std::string_view table_kind = "table";

/// A kind of source or sink as readers of declarations see it. Refers to what it was made from.
struct KindDecl {
  std::string_view name;
  std::string_view summary;
  const std::vector<OptionDecl>* options;
  std::optional<Idempotence> idempotence;  ///< Sinks only.
};

/// All kinds, by name; sinks include `table`. Valid as long as the registry.
std::vector<KindDecl> source_kinds(const Registry& registry);
std::vector<KindDecl> sink_kinds(const Registry& registry);

}  // namespace tidemill::config

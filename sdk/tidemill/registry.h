// Registry: the names a pipeline file may use for sources and sinks, and how to build each one.
//
// A connector folder has one register_with(Registry&); the build writes the list of calls. Filled
// once at start, read-only afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/config_spec.h"
#include "tidemill/expression.h"
#include "tidemill/http.h"
#include "tidemill/log.h"
#include "tidemill/meters.h"
#include "tidemill/result.h"
#include "tidemill/scheduler.h"
#include "tidemill/sink.h"
#include "tidemill/source.h"

namespace tidemill {

class Registry;

/// What the engine lends to everything it builds. Outlives all of it.
struct Services {
  Scheduler& scheduler;  ///< Each source and sink has one, as far as blocking() is concerned.
  Log& log;
  std::string data_folder;  ///< Absolute; `local:` buckets and relative outputs live below it.
  bool until_idle = false;  ///< End at the end (of file, of the listing) rather than wait for more.
  std::string engine_id = {};          ///< Of the data folder, in each of its lives; empty: none.
  std::uint64_t epoch = 0;             ///< Which of its lives this is.
  std::string pipeline = {};           ///< Whose source or sink is built; empty: none's.
  CompileExpression compile = {};      ///< For options that are jq.
  std::uint64_t memory_bytes = 0;      ///< To measure buffers by, of --memory; 0: not known.
  Meters* meters = nullptr;            ///< Null: nobody reads them.
  const Registry* registry = nullptr;  ///< For options that are sources: see build_source().
  ServeHttp serve_http = {};           ///< For those that are sent to over HTTP.
  /// For what several sources share: it outlives each of them. Null where nothing is opened.
  Scheduler* engine_scheduler = nullptr;
  /// Sinks: tells this one from all others of all engines, and is the same in each of its lives;
  /// empty where it is only looked at.
  std::string instance = {};
};

/// One name a user may write, with its declaration as data.
template <class Built>
struct Kind {
  std::string name;
  std::string summary;
  std::vector<OptionDecl> options;
  std::optional<Idempotence> idempotence;  ///< Sinks only.
  /// Only builds; connecting happens in open(). `options` were checked against the declarations.
  /// Errors: bad_config.
  std::function<Result<std::unique_ptr<Built>>(const ResolvedOptions& options, Services services)>
      build;
};

class Registry {
 public:
  using Sources = std::map<std::string, Kind<Source>, std::less<>>;
  using Sinks = std::map<std::string, Kind<Sink>, std::less<>>;

  /// `make(Config, Services)` returns Result<std::unique_ptr<Source>> or a std::unique_ptr.
  template <class Config, class Make>
  void add_source(std::string_view name, ConfigSpec<Config> spec, Make make) {
    add<Source>(sources_, name, std::move(spec), std::move(make));
  }

  /// `idempotence` is what the sink's traits() say, unless its options ask for transactions.
  template <class Config, class Make>
  void add_sink(std::string_view name, Idempotence idempotence, ConfigSpec<Config> spec,
                Make make) {
    add<Sink>(sinks_, name, std::move(spec), std::move(make)).idempotence = idempotence;
  }

  /// A kind as it is, for one that was made out of another.
  void add(Kind<Source> kind) { sources_.emplace(kind.name, std::move(kind)); }
  void add(Kind<Sink> kind) { sinks_.emplace(kind.name, std::move(kind)); }

  const Sources& sources() const { return sources_; }
  const Sinks& sinks() const { return sinks_; }

 private:
  template <class Built, class Config, class Make>
  static Kind<Built>& add(auto& kinds, std::string_view name, ConfigSpec<Config> spec, Make make) {
    Kind<Built> kind{std::string(name), spec.summary(), spec.decls(), {}, {}};
    kind.build = [spec = std::move(spec), make = std::move(make)](
                     const ResolvedOptions& options,
                     Services services) -> Result<std::unique_ptr<Built>> {
      auto config = spec.make(options);
      if (!config) return std::unexpected(config.error());
      return make(std::move(*config), std::move(services));
    };
    return kinds.emplace(std::string(name), std::move(kind)).first->second;
  }

  Sources sources_;
  Sinks sinks_;
};

/// The source that an option of a connector names, which drives it on its own executor. Only
/// builds. Its progress is not kept by the engine: it is given none when it is opened, and no
/// engine's id, so that what its system remembers of it counts.
///
/// Errors: bad_config.
inline Result<std::unique_ptr<Source>> build_source(const SourceOption& option, Services services) {
  const auto& kinds = services.registry->sources();
  const auto kind = kinds.find(option.kind);
  if (kind == kinds.end())
    return fail(Fault::bad_config, "there is no kind of source " + option.kind);
  services.engine_id.clear();
  return kind->second.build(option.options, std::move(services));
}

}  // namespace tidemill

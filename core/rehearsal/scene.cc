#include "core/rehearsal/scene.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/config/sections.h"
#include "core/config/suggest.h"
#include "core/rehearsal/recording_archive.h"
#include "core/rehearsal/recording_sink.h"
#include "core/rehearsal/stand_in_invoker.h"

namespace tidemill::rehearsal {
namespace {

// Names with a point are nobody else's: those of users have none. Connectors leave options alone
// that they did not declare.
constexpr std::string_view place_option = "rehearsal.place";
constexpr std::string_view feeder_kind = "rehearsal.events";
constexpr std::string_view feeder_suffix = ".events";

std::string place_of(const ResolvedOptions& options) {
  for (const auto& [name, value] : options)
    if (name == place_option) return value;
  return {};
}

const std::string* option_of(const ConnectorPlan& connector, std::string_view name) {
  for (const auto& option : connector.options)
    if (option.first == name) return &option.second;
  return nullptr;
}

// The table, queue or log that an own sink writes.
std::string written_by(const SinkPlan& sink) {
  const std::string* name = option_of(sink.connector, "name");
  return name == nullptr || name->empty() ? sink.name : *name;
}

class Setter {
 public:
  Setter(const Case& one, const Plan& plan, const Registry& registry,
         config::FunctionCatalog& catalog, const Services& services, config::Problems& problems)
      : case_(one),
        plan_(plan),
        registry_(registry),
        catalog_(catalog),
        services_(services),
        problems_(problems) {
    services_.registry = &registry;
  }

  std::optional<Scene> set() {
    const auto before = problems_.size();
    scene_.plan.name_space = plan_.name_space;
    choose_pipelines();
    for (const CaseEvent& event : case_.events) place(event);
    check_arrivals();
    check_mocks();
    feed_own_sources();
    steady_backoffs();
    if (problems_.size() != before) return std::nullopt;
    return std::move(scene_);
  }

 private:
  void choose_pipelines() {
    for (const PipelinePlan& pipeline : plan_.pipelines) {
      if (!case_.pipeline.empty() && pipeline.name != case_.pipeline) continue;
      scene_.pipelines.push_back(pipeline.name);
      PipelinePlan& chosen = scene_.plan.pipelines.emplace_back(pipeline);
      chosen.source.options.emplace_back(place_option, chosen.name);
      for (SinkPlan& sink : chosen.sinks) mark(chosen, sink);
      if (chosen.on_success) mark(chosen, *chosen.on_success);
      if (chosen.on_failure) mark(chosen, *chosen.on_failure);
    }
    if (scene_.pipelines.empty())
      problems_.add(case_.pipeline_where,
                    fmt::format("there is no pipeline {}", config::shown(case_.pipeline)),
                    config::suggest(case_.pipeline, names_of(plan_), "pipelines of the file"));
    for (const FunctionPlan& function : plan_.functions)
      if (std::ranges::any_of(scene_.plan.pipelines,
                              [&](const auto& p) { return p.function == function.name; }))
        scene_.plan.functions.push_back(function);
  }

  static std::vector<std::string> names_of(const Plan& plan) {
    std::vector<std::string> names;
    for (const auto& pipeline : plan.pipelines) names.push_back(pipeline.name);
    return names;
  }

  void mark(const PipelinePlan& pipeline, SinkPlan& sink) {
    if (config::is_own_sink(sink.connector.kind)) return;
    const std::string place = pipeline.name + "." + sink.name;
    sink.connector.options.emplace_back(place_option, place);
    scene_.sinks.push_back(place);
  }

  const PipelinePlan* running(std::string_view name) const {
    for (const PipelinePlan& pipeline : scene_.plan.pipelines)
      if (pipeline.name == name) return &pipeline;
    return nullptr;
  }

  void place(const CaseEvent& event) {
    if (scene_.pipelines.empty()) return;
    if (!event.pipeline.empty()) {
      if (running(event.pipeline) == nullptr) {
        problems_.add(
            event.where,
            fmt::format("no pipeline {} runs in this case", config::shown(event.pipeline)),
            config::suggest(event.pipeline, scene_.pipelines, "those that run"));
      } else {
        scene_.arrivals[event.pipeline].push_back(event);
      }
      return;
    }
    std::vector<std::string> entries;
    for (const PipelinePlan& pipeline : scene_.plan.pipelines)
      if (!config::is_own_source(pipeline.source.kind)) entries.push_back(pipeline.name);
    if (scene_.pipelines.size() == 1) entries = scene_.pipelines;
    if (entries.size() == 1) {
      scene_.arrivals[entries.front()].push_back(event);
    } else {
      problems_.add(event.where, "which pipeline does this event enter",
                    fmt::format("add `pipeline:` to the event or to its case: {}",
                                fmt::join(scene_.pipelines, ", ")));
    }
  }

  void check_arrivals() {
    for (const auto& [name, events] : scene_.arrivals) {
      const ConnectorPlan& source = running(name)->source;
      bool objects = false;
      if (!config::is_own_source(source.kind)) {
        const auto built =
            registry_.sources().find(source.kind)->second.build(source.options, services_);
        if (!built) {
          problems_.add(source.where, built.error().message);
          continue;
        }
        objects = (*built)->traits().progress == ProgressKind::objects;
      }
      for (const CaseEvent& event : events)
        if (objects != event.object.has_value())
          problems_.add(event.where,
                        fmt::format("the source of {} is a {}, whose events are {}about objects",
                                    name, source.kind, objects ? "" : "not "),
                        objects ? "add `object: { key: ... }`" : "remove `object`");
    }
  }

  void check_mocks() {
    for (const StandIn& mock : case_.functions) {
      const FunctionPlan* function = plan_.function(mock.name);
      if (function == nullptr) {
        std::vector<std::string> names;
        for (const FunctionPlan& one : plan_.functions) names.push_back(one.name);
        problems_.add(mock.where, fmt::format("there is no function {}", config::shown(mock.name)),
                      config::suggest(mock.name, names, "functions of the file"));
        continue;
      }
      const auto decl = mock.decl ? Result<const config::FunctionDecl*>(&*mock.decl)
                                  : catalog_.find(function->native, function->folder);
      if (!decl) continue;
      for (const Rule& rule : mock.rules)
        for (const Emission& emission : rule.emissions)
          if (auto complaint = complaint_of(emission, **decl); !complaint.empty())
            problems_.add(emission.where, std::move(complaint));
    }
    for (const StandIn& mock : case_.sinks) {
      if (std::ranges::none_of(scene_.sinks,
                               [&](const auto& place) { return is_place(mock.name, place); }))
        problems_.add(
            mock.where,
            fmt::format("no sink {} can be mocked in this case", config::shown(mock.name)),
            "tables, queues and logs are the engine's own; " +
                config::suggest(mock.name, scene_.sinks, "sinks of other systems"));
      if (!mocks_archive(mock)) continue;
      for (const Rule& rule : mock.rules)
        if (rule.act == Act::reject || !rule.event.matches_all())
          problems_.add(rule.where, "an archive refuses whole objects, and no event for good",
                        "leave out `event` and write `fail`");
    }
  }

  bool mocks_archive(const StandIn& mock) const {
    for (const PipelinePlan& pipeline : scene_.plan.pipelines)
      for (const SinkPlan& sink : pipeline.sinks) {
        if (config::is_own_sink(sink.connector.kind) ||
            !is_place(mock.name, pipeline.name + "." + sink.name))
          continue;
        const auto built = registry_.sinks()
                               .find(sink.connector.kind)
                               ->second.build(sink.connector.options, services_);
        if (built && (*built)->staged() != nullptr) return true;
      }
    return false;
  }

  // Whoever fills the stream or the table in the plan says how; what goes in is the case's.
  SinkPlan own_sink(std::string_view kind, const std::string& name) const {
    SinkPlan own{.name = name,
                 .from = "event",
                 .connector = {std::string(kind), {}, {}},
                 .retry = {},
                 .where = {}};
    for (const PipelinePlan& pipeline : plan_.pipelines)
      for (const SinkPlan& sink : pipeline.sinks)
        if (sink.connector.kind == kind && written_by(sink) == name)
          own.connector.options = sink.connector.options;
    if (option_of(own.connector, "name") == nullptr)
      own.connector.options.emplace_back("name", name);
    return own;
  }

  void feed_own_sources() {
    std::map<std::string, std::vector<CaseEvent>> arrivals;
    for (auto& [name, events] : scene_.arrivals) {
      const ConnectorPlan source = running(name)->source;
      if (!config::is_own_source(source.kind)) {
        arrivals[name] = std::move(events);
        continue;
      }
      const bool changes = source.kind == config::changes_kind;
      const std::string* from = option_of(source, changes ? "table" : "name");
      PipelinePlan feeder;
      feeder.name = name + std::string(feeder_suffix);
      feeder.source = {std::string(feeder_kind), {{std::string(place_option), feeder.name}}, {}};
      feeder.sinks.push_back(
          own_sink(changes ? config::table_kind : std::string_view(source.kind), *from));
      arrivals[feeder.name] = std::move(events);
      scene_.plan.pipelines.push_back(std::move(feeder));
    }
    scene_.arrivals = std::move(arrivals);
  }

  // Without jitter, so that what happens when can be written down.
  void steady_backoffs() {
    const auto steady = [](SinkPlan& sink) {
      if (sink.retry) sink.retry->backoff.jitter = Jitter::none;
    };
    for (PipelinePlan& pipeline : scene_.plan.pipelines) {
      pipeline.retry.backoff.jitter = Jitter::none;
      std::ranges::for_each(pipeline.sinks, steady);
      if (pipeline.on_success) steady(*pipeline.on_success);
      if (pipeline.on_failure) steady(*pipeline.on_failure);
    }
  }

  const Case& case_;
  const Plan& plan_;
  const Registry& registry_;
  config::FunctionCatalog& catalog_;
  Services services_;
  config::Problems& problems_;
  Scene scene_;
};

RuleBook rules_for(const std::vector<StandIn>& mocks, std::string_view place) {
  for (const StandIn& mock : mocks)
    if (is_place(mock.name, place)) return RuleBook(mock.rules);
  return {};
}

}  // namespace

bool is_place(std::string_view name, std::string_view place) {
  return name == place ||
         (place.ends_with(name) && place.substr(0, place.size() - name.size()).ends_with('.'));
}

std::optional<Scene> set_scene(const Case& one, const Plan& plan, const Registry& registry,
                               config::FunctionCatalog& catalog, const Services& services,
                               config::Problems& problems) {
  return Setter(one, plan, registry, catalog, services, problems).set();
}

Registry staged(const Registry& real, const Case& one, const Scene& scene, Journal& journal,
                Curtain& curtain) {
  const auto source = [&one, &scene, &journal, &curtain](std::unique_ptr<Source> original,
                                                         const std::string& pipeline,
                                                         Scheduler& scheduler) {
    const auto arrivals = scene.arrivals.find(pipeline);
    CaseSource::Parts parts{
        .real = std::move(original), .identity = pipeline, .events = {}, .start = one.start};
    if (arrivals != scene.arrivals.end()) parts.events = arrivals->second;
    return std::make_unique<CaseSource>(std::move(parts), scheduler, journal, curtain);
  };
  Registry registry;
  for (const auto& [name, kind] : real.sources()) {
    Kind<Source> copy = kind;
    copy.build = [build = kind.build, source](
                     const ResolvedOptions& options,
                     Services services) -> Result<std::unique_ptr<Source>> {
      auto built = build(options, services);
      if (!built) return built;
      return source(std::move(*built), place_of(options), services.scheduler);
    };
    registry.add(std::move(copy));
  }
  Kind<Source> feeder{std::string(feeder_kind), "Events of a case.", {}, {}, {}};
  feeder.build = [source](const ResolvedOptions& options,
                          Services services) -> Result<std::unique_ptr<Source>> {
    return source(nullptr, place_of(options), services.scheduler);
  };
  registry.add(std::move(feeder));
  for (const auto& [name, kind] : real.sinks()) {
    Kind<Sink> copy = kind;
    copy.build = [build = kind.build, &one, &journal](
                     const ResolvedOptions& options,
                     Services services) -> Result<std::unique_ptr<Sink>> {
      auto built = build(options, services);
      if (!built) return built;
      const std::string place = place_of(options);
      RuleBook rules = rules_for(one.sinks, place);
      if ((*built)->staged() != nullptr)
        return std::make_unique<RecordingArchive>(std::move(*built), place, std::move(rules),
                                                  services.scheduler, journal);
      return std::make_unique<RecordingSink>(std::move(*built), place, std::move(rules),
                                             services.scheduler, journal);
    };
    registry.add(std::move(copy));
  }
  return registry;
}

}  // namespace tidemill::rehearsal

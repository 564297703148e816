#include "app/reach.h"

#include <memory>
#include <string_view>
#include <utility>

#include "core/config/sections.h"
#include "tidemill/async.h"

namespace tidemill::app {
namespace {

class Reach {
 public:
  Reach(const Registry& registry, Services services, AsioScheduler& scheduler)
      : registry_(registry), services_(std::move(services)), scheduler_(scheduler) {
    services_.registry = &registry;
  }

  void add(const PipelinePlan& plan) {
    services_.pipeline = plan.name;
    if (!config::is_own_source(plan.source.kind))
      add(registry_.sources(), plan.source, plan.name + ": source " + plan.source.kind);
    for (const SinkPlan& sink : plan.sinks) add_sink(sink);
    if (plan.on_success) add_sink(*plan.on_success);
    if (plan.on_failure) add_sink(*plan.on_failure);
  }

  std::vector<Reached> run() {
    if (left_ > 0) scheduler_.run();
    std::vector<Reached> reached;
    for (auto& asked : asked_)
      if (!asked->outcome || !asked->outcome->empty()) reached.push_back(std::move(*asked));
    return reached;
  }

 private:
  void add_sink(const SinkPlan& sink) {
    if (config::is_own_sink(sink.connector.kind)) return;
    add(registry_.sinks(), sink.connector,
        services_.pipeline + ": sink " + sink.name + " (" + sink.connector.kind + ")");
  }

  // Of kinds that the plan was checked against.
  template <class Kinds>
  void add(const Kinds& kinds, const ConnectorPlan& plan, std::string who) {
    auto& asked = *asked_.emplace_back(
        std::make_unique<Reached>(std::move(who), plan.where, std::string(), std::string()));
    auto built = kinds.find(plan.kind)->second.build(plan.options, services_);
    if (!built) {
      asked.outcome = std::unexpected(built.error());
      return;
    }
    asked.place = place_of(**built);
    ++left_;
    spawn(scheduler_, ask(std::move(*built), asked));
  }

  static std::string place_of(const Source& source) { return source.identity(); }
  static std::string place_of(const Sink& sink) { return sink.place(); }

  template <class Connector>
  Task<> ask(std::unique_ptr<Connector> connector, Reached& asked) {
    asked.outcome = co_await connector->reach();
    if (--left_ == 0) scheduler_.stop();
  }

  const Registry& registry_;
  Services services_;
  AsioScheduler& scheduler_;
  std::vector<std::unique_ptr<Reached>> asked_;
  std::size_t left_ = 0;
};

}  // namespace

std::vector<Reached> reach_all(const Plan& plan, const Registry& registry, const Services& services,
                               AsioScheduler& scheduler) {
  Reach reach(registry, services, scheduler);
  for (const PipelinePlan& pipeline : plan.pipelines) reach.add(pipeline);
  return reach.run();
}

}  // namespace tidemill::app

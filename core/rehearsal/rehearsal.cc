#include "core/rehearsal/rehearsal.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/durability.h"
#include "core/config/scalars.h"
#include "core/config/sections.h"
#include "core/pipeline/engine.h"
#include "core/rehearsal/rehearsed_functions.h"
#include "core/state/memory_disk.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::rehearsal {
namespace {

// A case that goes round in circles takes no virtual time at all.
constexpr std::uint64_t steps_max = 100'000'000;

// So long nothing may happen before the sources end. What was put off is not seen meanwhile.
constexpr Duration rest_min = std::chrono::seconds(1);

class LineLog final : public Log {
 public:
  void write(LogLevel level, std::string_view sentence) override {
    if (level == LogLevel::warning || level == LogLevel::error) lines.emplace_back(sentence);
  }
  std::vector<std::string> lines;
};

// Entries of a queue may be hidden for longer.
Duration rest_of(const Plan& plan) {
  Duration rest = rest_min;
  for (const PipelinePlan& pipeline : plan.pipelines)
    for (const SinkPlan& sink : pipeline.sinks)
      if (sink.connector.kind == config::queue_kind)
        if (const auto options = config::queue_sink_spec().make(sink.connector.options))
          rest = std::max(rest, options->delay + rest_min);
  return rest;
}

class Rehearsal {
 public:
  Rehearsal(const Case& one, const Scene& scene, const Props& props)
      : case_(one),
        scene_(scene),
        props_(props),
        disk_(memory_disk()),
        scheduler_(1, testing::Order::fifo, WallTime(one.start.value)),
        journal_(scheduler_),
        functions_(one, scheduler_, log_, journal_),
        registry_(staged(props.registry, one, scene, journal_, curtain_)),
        pause_(scheduler_) {}
  ~Rehearsal() { scheduler_.abandon(); }
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

  Result<Outcome> run() {
    auto built = Engine::build(scene_.plan, registry_, props_.plugins, scheduler_, log_,
                               {.data_folder = props_.folder,
                                .until_idle = true,
                                .env = disk_.get(),
                                .functions = &functions_});
    if (!built) return std::unexpected(built.error());
    engine_ = std::move(*built);
    if (auto given = put_given(); !given) return std::unexpected(given.error());
    spawn(scheduler_, perform());
    spawn(scheduler_, lower_the_curtain());
    const Instant end = scheduler_.now() + case_.limit;
    const bool ended = scheduler_.run_until(
        [&] { return ended_ || scheduler_.now() > end || scheduler_.steps() > steps_max; });
    auto outcome = outcome_of(*engine_, scene_, journal_, case_.start);
    if (!outcome) return outcome;
    outcome->trouble = trouble(ended && ended_);
    outcome->log = log_.lines;
    return outcome;
  }

 private:
  Result<> put_given() {
    if (case_.tables.empty()) return {};
    const auto pipeline = engine_->store().pipeline("rehearsal.given", "");
    if (!pipeline) return std::unexpected(pipeline.error());
    CommitPart part{.pipeline = *pipeline};
    for (const GivenTable& given : case_.tables) {
      const auto table = engine_->store().table(given.name);
      if (!table) return std::unexpected(table.error());
      for (const auto& [key, data] : given.rows)
        part.rows.push_back({.table = *table, .key = key, .data = data});
    }
    const CommitPart* const parts[] = {&part};
    return engine_->store().commit(parts, scheduler_.wall(), Durability::sync);
  }

  Task<> perform() {
    const Result<> ran = co_await engine_->run();
    if (!ran) failure_ = ran.error().message;
    ended_ = true;
    pause_.notify();
  }

  // Once all that came has been dealt with and nothing more happens.
  Task<> lower_the_curtain() {
    const Duration rest = rest_of(scene_.plan);
    std::uint64_t seen = 0;
    bool calm = false;
    while (!ended_) {
      co_await pause_.wait_until(scheduler_.now() + rest);
      if (has_failed()) engine_->drain();
      const std::uint64_t now = happenings();
      if (std::exchange(calm, at_rest()) && calm && now == seen) break;
      seen = now;
    }
    curtain_.fall();
  }

  bool has_failed() const {
    return std::ranges::any_of(engine_->status(), [](const PipelineStatus& status) {
      return status.state == LineState::failed;
    });
  }

  bool at_rest() const {
    return curtain_.waiting == 0 &&
           std::ranges::all_of(engine_->status(), [](const PipelineStatus& status) {
             return status.stats.in_flight_events == 0 &&
                    (status.state != LineState::running || staged_events(status) == 0);
           });
  }

  // What an archive has staged becomes objects when it is due, and not because nothing more comes.
  static std::uint64_t staged_events(const PipelineStatus& status) {
    std::uint64_t all = 0;
    for (const ArchiveStatus& archive : status.archives) all += archive.staged_events;
    return all;
  }

  std::uint64_t happenings() const {
    std::uint64_t all = 0;
    for (const PipelineStatus& status : engine_->status()) {
      all += status.stats.events + status.stats.committed + status.stats.dead_effects;
      for (const ArchiveStatus& archive : status.archives) all += archive.objects;
    }
    return all;
  }

  std::string trouble(bool ended) const {
    if (!failure_.empty()) return failure_;
    if (ended) return {};
    std::string why = scheduler_.steps() > steps_max
                          ? std::string("it goes on for ever, and no time passes")
                          : fmt::format("it has not ended after {} of virtual time (limit)",
                                        config::show_duration(case_.limit.count()));
    for (const PipelineStatus& status : engine_->status()) {
      if (status.stats.in_flight_events > 0)
        why +=
            fmt::format("; {} has {} events under way", status.name, status.stats.in_flight_events);
      for (const ArchiveStatus& archive : status.archives)
        if (archive.staged_events > 0)
          why +=
              fmt::format("; archive {} has {} events staged", archive.sink, archive.staged_events);
      if (!status.error.empty()) why += fmt::format("; {}: {}", status.name, status.error);
    }
    if (curtain_.waiting > 0) why += fmt::format("; {} events have not come yet", curtain_.waiting);
    return why;
  }

  const Case& case_;
  const Scene& scene_;
  const Props& props_;
  LineLog log_;
  std::shared_ptr<rocksdb::Env> disk_;
  testing::VirtualScheduler scheduler_;
  Journal journal_;
  Curtain curtain_;
  RehearsedFunctions functions_;
  Registry registry_;
  Signal pause_;
  std::unique_ptr<Engine> engine_;
  std::string failure_;
  bool ended_ = false;
};

}  // namespace

Result<Outcome> rehearse(const Case& one, const Scene& scene, const Props& props) {
  return Rehearsal(one, scene, props).run();
}

}  // namespace tidemill::rehearsal

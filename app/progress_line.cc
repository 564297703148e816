#include "app/progress_line.h"

#include <fmt/core.h>
#include <unistd.h>

#include <utility>

namespace tidemill::app {
namespace {
constexpr auto redraw_every = std::chrono::milliseconds(500);
constexpr const char* clear_line = "\r\x1b[K";
}  // namespace

ProgressLine::ProgressLine(Scheduler& scheduler, const Engine& engine)
    : scheduler_(scheduler), engine_(engine), drawn_before_(scheduler.now()) {}

void ProgressLine::start(bool wanted) {
  if (wanted && ::isatty(STDERR_FILENO) == 1) schedule();
}

void ProgressLine::stop() {
  scheduler_.cancel(std::exchange(timer_, Scheduler::TimerId::none));
  if (std::exchange(drawn_, false)) fmt::print(stderr, clear_line);
}

void ProgressLine::schedule() {
  timer_ = scheduler_.call_at(scheduler_.now() + redraw_every, [this] {
    draw();
    schedule();
  });
}

void ProgressLine::draw() {
  PipelineStats all;
  for (const PipelineStatus& p : engine_.status()) {
    all.events += p.stats.events;
    all.in_flight_events += p.stats.in_flight_events;
    all.dead_lettered += p.stats.dead_lettered + p.stats.dead_effects;
  }
  const Instant now = scheduler_.now();
  const double passed = std::chrono::duration<double>(now - drawn_before_).count();
  const double rate = passed > 0 ? static_cast<double>(all.events - events_before_) / passed : 0;
  fmt::print(stderr, "{}{} events, {:.0f}/s, {} in flight, {} dead letters", clear_line, all.events,
             rate, all.in_flight_events, all.dead_lettered);
  std::fflush(stderr);
  drawn_ = true;
  events_before_ = all.events;
  drawn_before_ = now;
}

}  // namespace tidemill::app

#include "core/dispatch/tap.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tidemill {

Tap::Tap(Scheduler& scheduler, PipelineTaps& taps, TapOptions options)
    : scheduler_(scheduler),
      taps_(taps),
      options_(std::move(options)),
      counted_(scheduler.now()),
      rated_(scheduler.now()),
      changed_(scheduler) {
  taps_.taps_.push_back(this);
  ++taps_.open_[static_cast<std::size_t>(options_.at)];
}

Tap::~Tap() {
  std::erase(taps_.taps_, this);
  --taps_.open_[static_cast<std::size_t>(options_.at)];
}

void Tap::begin() {
  const Instant now = scheduler_.now();
  const auto passed = std::chrono::duration_cast<Duration>(now - counted_);
  time_left_ = std::min(time_saved_max, time_left_ + passed / time_share);
  // What is lost in the division is counted the next time.
  counted_ += passed / time_share * time_share;
  look_began_ = now;
}

// In the order of what it costs.
bool Tap::begins_to_look() {
  if (options_.sample > 1 && scheduler_.random() % options_.sample != 0) return false;
  if (closed_) return false;
  if (may_look()) return true;
  ++dropped_;
  return false;
}

bool Tap::wants(const Event& event) {
  if (options_.where) {
    const auto matches = options_.where->match(event, scratch_);
    // What a pattern cannot read it does not match.
    if (!matches || matches->empty()) return false;
  }
  return options_.rate == 0 || within_rate();
}

// What the rate leaves out is not wanted, rather than dropped.
bool Tap::within_rate() {
  const Instant now = scheduler_.now();
  const double passed = std::chrono::duration<double>(now - rated_).count();
  lines_left_ = std::min(std::max(1.0, options_.rate), lines_left_ + passed * options_.rate);
  rated_ = now;
  if (lines_left_ < 1) return false;
  lines_left_ -= 1;
  return true;
}

void Tap::keep(std::string line) {
  bytes_ += line.size();
  lines_.push_back(std::move(line));
  if (lines_.size() == 1) changed_.notify();
}

void Tap::looked() {
  const Instant now = scheduler_.now();
  time_left_ -= std::chrono::duration_cast<Duration>(now - look_began_);
  look_began_ = now;
}

std::optional<std::string> Tap::take() {
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  bytes_ -= line.size();
  return line;
}

void Tap::close() {
  closed_ = true;
  changed_.notify();
}

Result<std::unique_ptr<Tap>> TapBoard::open(std::string_view pipeline, TapOptions options) {
  const auto found = pipelines_.find(pipeline);
  if (found == pipelines_.end()) {
    std::string known;
    for (const auto& [name, taps] : pipelines_) known += (known.empty() ? "" : ", ") + name;
    return fail(Fault::bad_config,
                "there is no pipeline " + std::string(pipeline) + "; there are: " + known);
  }
  std::size_t open = 0;
  for (const auto& [name, taps] : pipelines_) open += taps.taps_.size();
  if (closed_) return fail(Fault::throttled, "the engine stops");
  if (open >= taps_max)
    return fail(Fault::throttled,
                std::to_string(open) + " taps are open, and more there may not be");
  return std::unique_ptr<Tap>(new Tap(scheduler_, found->second, std::move(options)));
}

void TapBoard::close() {
  closed_ = true;
  for (auto& [name, pipeline] : pipelines_)
    for (Tap* const tap : pipeline.taps_) tap->close();
}

}  // namespace tidemill

#include "rate_limit.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tidemill::http {

ConfigSpec<RateLimitOptions> rate_limit_spec() {
  return ConfigSpec<RateLimitOptions>("How many requests each caller may send.")
      .field(
          "rate", &RateLimitOptions::rate,
          "Requests of one caller, by the name of its key, else by its address; more are answered "
          "429.")
      .field("burst", &RateLimitOptions::burst,
             "How many may come at once; by itself as many as in a second.", in_range(0, 1'000'000))
      .field("callers", &RateLimitOptions::callers,
             "Callers that are remembered; those not heard of for longest are forgotten.",
             in_range(1, 10'000'000))
      .check("rate_limit.burst needs a rate",
             [](const RateLimitOptions& o) { return o.on() || o.burst == 0; });
}

RateLimit::RateLimit(const RateLimitOptions& options) : callers_max_(options.callers) {
  const double burst =
      options.burst > 0 ? options.burst : std::max(1.0, std::floor(options.rate.per_second));
  const std::chrono::duration<double> each(1 / options.rate.per_second);
  // A rate of one in years is as good as none at all.
  const std::chrono::duration<double> longest(std::chrono::hours(24 * 365));
  each_ = std::chrono::duration_cast<Instant::duration>(std::min(each, longest));
  depth_ = std::chrono::duration_cast<Instant::duration>(std::min(each * (burst - 1), longest));
}

Duration RateLimit::take(std::string_view name, Instant now) {
  Caller& caller = find(name, now);
  const auto filling = caller.full_at - now;
  if (filling > depth_) return std::chrono::ceil<Duration>(filling - depth_);
  caller.full_at += each_;
  return Duration::zero();
}

RateLimit::Caller& RateLimit::find(std::string_view name, Instant now) {
  if (const auto known = by_name_.find(name); known != by_name_.end()) {
    callers_.splice(callers_.begin(), callers_, known->second);
    Caller& caller = callers_.front();
    caller.full_at = std::max(caller.full_at, now);
    return caller;
  }
  if (callers_.size() == callers_max_) {
    by_name_.erase(callers_.back().name);
    callers_.pop_back();
  }
  callers_.push_front({std::string(name), now});
  by_name_.emplace(callers_.front().name, callers_.begin());
  return callers_.front();
}

std::string retry_after(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return std::to_string(std::max<std::chrono::seconds::rep>(seconds, 1));
}

}  // namespace tidemill::http

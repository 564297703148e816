// RateLimit: how many requests a caller may send. Each has a bucket of its own that holds `burst`
// requests and fills at `rate`; who finds it empty is told how long to wait.
//
//     rate_limit: { rate: 100/s, burst: 200 }
//
// Remembers no more callers than it may: the one that was not heard of for longest is forgotten,
// and begins with a full bucket when it comes back. One executor at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tidemill/config_spec.h"
#include "tidemill/time.h"

namespace tidemill::http {

struct RateLimitOptions {
  Rate rate;                ///< 0: no limit.
  std::uint32_t burst = 0;  ///< 0: as many as a second brings, at least one.
  std::uint32_t callers = 10'000;

  bool on() const { return rate.per_second > 0; }
};

/// The group `rate_limit`.
ConfigSpec<RateLimitOptions> rate_limit_spec();

class RateLimit {
 public:
  /// `options` are on().
  explicit RateLimit(const RateLimitOptions& options);

  /// Takes one request out of the caller's bucket: zero, it may pass; else how long until there is
  /// one. `caller` is the name of a key, else the address.
  Duration take(std::string_view caller, Instant now);

  std::size_t remembered() const { return callers_.size(); }

 private:
  struct Caller {
    std::string name;
    Instant full_at;  // When its bucket will be full again: that says how much is in it.
  };
  using Callers = std::list<Caller>;

  Caller& find(std::string_view name, Instant now);

  Instant::duration each_;   // How long the bucket takes to get one more.
  Instant::duration depth_;  // How long an empty bucket takes to be full, less one request.
  std::size_t callers_max_;
  Callers callers_;                                                  // The latest first.
  std::unordered_map<std::string_view, Callers::iterator> by_name_;  // Views of names in callers_.
};

/// The value of the header Retry-After: whole seconds, at least one.
std::string retry_after(Duration wait);

}  // namespace tidemill::http

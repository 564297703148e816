#include "core/dispatch/verdict.h"

#include <algorithm>

namespace tidemill {
namespace {

bool final(Fault fault) { return fault == Fault::bad_event || fault == Fault::bad_config; }

Fate fate_of(const RetryPolicy& policy, std::uint32_t attempt, Fault fault) {
  return final(fault) || attempt >= policy.attempts ? Fate::dead_letter : Fate::retry;
}

}  // namespace

bool put_off(Fault fault) { return fault == Fault::throttled || fault == Fault::cancelled; }

Verdict judge(const RetryPolicy& policy, Ordering ordering, std::uint32_t attempt,
              std::size_t count, bool batch_failed, Fault batch_fault,
              std::span<const EventFailure> failures) {
  Verdict verdict;
  if (batch_failed) {
    if (put_off(batch_fault)) {
      verdict.fates.assign(count, Fate::retry);
    } else if (policy.bisect && count > 1) {
      verdict.split = true;
    } else {
      verdict.fates.assign(count, fate_of(policy, attempt, batch_fault));
    }
    return verdict;
  }
  if (failures.empty()) return verdict;

  verdict.fates.assign(count, Fate::settle);
  if (ordering == Ordering::unordered) {
    for (const EventFailure& failure : failures)
      verdict.fates[failure.event] = fate_of(policy, attempt, failure.fault);
    return verdict;
  }
  const EventFailure& lowest = failures.front();
  const Fate fate = fate_of(policy, attempt, lowest.fault);
  verdict.fates[lowest.event] = fate;
  const Fate behind = fate == Fate::retry ? Fate::retry : Fate::rerun;
  for (std::size_t i = lowest.event + 1; i < count; ++i) verdict.fates[i] = behind;
  return verdict;
}

std::vector<EventFailure> normalized(std::vector<EventFailure> failures) {
  std::ranges::sort(failures, [](const EventFailure& a, const EventFailure& b) {
    return a.event != b.event ? a.event < b.event : final(a.fault) > final(b.fault);
  });
  const auto repeats = std::ranges::unique(failures, {}, &EventFailure::event);
  failures.erase(repeats.begin(), repeats.end());
  return failures;
}

Duration backoff(const Backoff& policy, std::uint32_t attempt, std::uint64_t random) {
  // Doubling 63 times overflows long before any real policy gets there.
  const std::uint32_t doublings = std::min(attempt - 1, 40u);
  const double bound = std::min(static_cast<double>(policy.max.count()),
                                static_cast<double>(policy.initial.count()) *
                                    static_cast<double>(std::uint64_t{1} << doublings));
  if (policy.jitter == Jitter::none) return Duration(static_cast<std::int64_t>(bound));
  const double fraction = static_cast<double>(random >> 11) * 0x1.0p-53;
  return Duration(static_cast<std::int64_t>(bound * fraction));
}

}  // namespace tidemill

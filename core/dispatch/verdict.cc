#include "core/dispatch/verdict.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "core/base/mutation.h"

namespace tidemill {
namespace {

bool final(Fault fault) { return fault == Fault::bad_event || fault == Fault::bad_config; }

Fate fate_of(const RetryPolicy& policy, std::uint32_t attempt, Fault fault) {
  return final(fault) || attempt >= policy.attempts ? Fate::dead_letter : Fate::retry;
}

// What stands behind a failed event was tried with it, so it shares its attempts; behind one that
// is given up it starts afresh.
Fate behind(Fate failed) { return failed == Fate::retry ? Fate::retry : Fate::rerun; }

void judge_ordered(const RetryPolicy& policy, std::uint32_t attempt, const EventFailure& lowest,
                   std::vector<Fate>& fates) {
  const Fate fate = fate_of(policy, attempt, lowest.fault);
  fates[lowest.event] = fate;
  if (mutated(Mutation::settle_behind_a_failure)) return;
  std::fill(fates.begin() + lowest.event + 1, fates.end(), behind(fate));
}

void judge_keyed(const RetryPolicy& policy, std::uint32_t attempt,
                 std::span<const EventFailure> failures, std::span<const std::string_view> keys,
                 std::vector<Fate>& fates) {
  assert(keys.size() == fates.size());
  std::map<std::string_view, Fate> failed;  // The lowest failure of each key.
  auto failure = failures.begin();
  for (std::uint32_t i = failures.front().event; i < fates.size(); ++i) {
    const bool listed = failure != failures.end() && failure->event == i;
    const auto before = keys[i].empty() ? failed.end() : failed.find(keys[i]);
    if (before != failed.end() && !mutated(Mutation::settle_behind_a_key)) {
      fates[i] = behind(before->second);
    } else if (listed) {
      fates[i] = fate_of(policy, attempt, failure->fault);
      failed.emplace(keys[i], fates[i]);
    }
    if (listed) ++failure;
  }
}

}  // namespace

bool put_off(Fault fault) { return fault == Fault::throttled || fault == Fault::cancelled; }

Verdict judge(const RetryPolicy& policy, Ordering ordering, std::uint32_t attempt,
              std::size_t count, bool batch_failed, Fault batch_fault,
              std::span<const EventFailure> failures, std::span<const std::string_view> keys) {
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
  switch (ordering) {
    case Ordering::unordered:
      for (const EventFailure& failure : failures)
        verdict.fates[failure.event] = fate_of(policy, attempt, failure.fault);
      break;
    case Ordering::ordered:
      judge_ordered(policy, attempt, failures.front(), verdict.fates);
      break;
    case Ordering::keyed:
      judge_keyed(policy, attempt, failures, keys, verdict.fates);
      break;
  }
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

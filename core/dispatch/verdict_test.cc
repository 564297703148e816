#include "core/dispatch/verdict.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace tidemill {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr Fate settle = Fate::settle;
constexpr Fate retry = Fate::retry;
constexpr Fate rerun = Fate::rerun;
constexpr Fate dead = Fate::dead_letter;

EventFailure failure(std::uint32_t event, Fault fault = Fault::transient) {
  return {event, fault, "why"};
}

Verdict judge_events(Ordering ordering, std::uint32_t attempt, std::size_t count,
                     std::vector<EventFailure> failures) {
  const RetryPolicy policy{.attempts = 3};
  return judge(policy, ordering, attempt, count, false, Fault::transient, failures);
}

Verdict judge_batch(bool bisect, std::uint32_t attempt, std::size_t count, Fault fault) {
  const RetryPolicy policy{.attempts = 3, .bisect = bisect};
  return judge(policy, Ordering::unordered, attempt, count, true, fault, {});
}

TEST(Verdict, WithoutFailuresEverythingSettles) {
  EXPECT_THAT(judge_events(Ordering::ordered, 1, 3, {}).fates, IsEmpty());
  EXPECT_THAT(judge_events(Ordering::unordered, 3, 3, {}).fates, IsEmpty());
}

TEST(Verdict, AnUnorderedFailureConcernsNobodyElse) {
  const auto verdict =
      judge_events(Ordering::unordered, 1, 4, {failure(1), failure(2, Fault::bad_event)});

  EXPECT_THAT(verdict.fates, ElementsAre(settle, retry, dead, settle));
}

TEST(Verdict, EverythingBehindTheLowestOrderedFailureWaitsForIt) {
  const auto verdict = judge_events(Ordering::ordered, 1, 4, {failure(1)});

  EXPECT_THAT(verdict.fates, ElementsAre(settle, retry, retry, retry));
}

TEST(Verdict, WhatStoodBehindADeadOrderedEventRunsAgainAtOnceAndSpentNothing) {
  const auto verdict = judge_events(Ordering::ordered, 1, 4, {failure(1, Fault::bad_event)});

  EXPECT_THAT(verdict.fates, ElementsAre(settle, dead, rerun, rerun));
}

TEST(Verdict, OnlyTheLowestOrderedFailureIsJudged) {
  const auto verdict =
      judge_events(Ordering::ordered, 1, 3, {failure(0), failure(2, Fault::bad_event)});

  EXPECT_THAT(verdict.fates, ElementsAre(retry, retry, retry));
}

TEST(Verdict, TheLastAttemptIsTheLast) {
  for (const Ordering ordering : {Ordering::ordered, Ordering::unordered}) {
    EXPECT_THAT(judge_events(ordering, 2, 1, {failure(0)}).fates, ElementsAre(retry));
    EXPECT_THAT(judge_events(ordering, 3, 1, {failure(0)}).fates, ElementsAre(dead));
  }
}

TEST(Verdict, ABatchThatFailsAsAWholeIsSplitAtAnyAttempt) {
  for (const std::uint32_t attempt : {1u, 3u}) {
    const Verdict verdict = judge_batch(true, attempt, 2, Fault::bad_event);
    EXPECT_TRUE(verdict.split);
    EXPECT_THAT(verdict.fates, IsEmpty());
  }
}

TEST(Verdict, AThrottledBatchWaitsWholeRatherThanAskMoreOften) {
  EXPECT_FALSE(judge_batch(true, 1, 2, Fault::throttled).split);
  EXPECT_THAT(judge_batch(true, 1, 2, Fault::throttled).fates, ElementsAre(retry, retry));
}

TEST(Verdict, ABatchThatWasPutOffIsNeverGivenUp) {
  EXPECT_THAT(judge_batch(true, 3, 2, Fault::throttled).fates, ElementsAre(retry, retry));
  EXPECT_THAT(judge_batch(false, 3, 1, Fault::cancelled).fates, ElementsAre(retry));
}

TEST(Verdict, ABatchOfOneIsJudgedAsItsEvent) {
  EXPECT_THAT(judge_batch(true, 1, 1, Fault::transient).fates, ElementsAre(retry));
  EXPECT_THAT(judge_batch(true, 3, 1, Fault::transient).fates, ElementsAre(dead));
  EXPECT_THAT(judge_batch(true, 1, 1, Fault::bad_event).fates, ElementsAre(dead));
}

TEST(Verdict, WithoutBisectTheWholeBatchSharesOneFate) {
  EXPECT_THAT(judge_batch(false, 1, 3, Fault::transient).fates, ElementsAre(retry, retry, retry));
  EXPECT_THAT(judge_batch(false, 3, 3, Fault::transient).fates, ElementsAre(dead, dead, dead));
  EXPECT_THAT(judge_batch(false, 1, 3, Fault::bad_event).fates, ElementsAre(dead, dead, dead));
  EXPECT_FALSE(judge_batch(false, 1, 3, Fault::transient).split);
}

// Every way in which the four events of a batch can fail, at every attempt, in both orderings,
// against the rules as verdict.h words them.
TEST(Verdict, EveryCombinationOfFailuresFollowsTheRules) {
  constexpr std::array faults = {Fault::transient,  Fault::throttled, Fault::bad_event,
                                 Fault::bad_config, Fault::cancelled, Fault::fenced};
  constexpr std::size_t count = 4;
  constexpr std::size_t choices = faults.size() + 1;  // The last one: it did not fail.
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt)
    for (std::size_t code = 0; code < choices * choices * choices * choices; ++code) {
      std::vector<EventFailure> failures;
      std::vector<std::optional<Fate>> own(count);
      std::size_t rest = code;
      for (std::uint32_t i = 0; i < count; ++i, rest /= choices) {
        if (rest % choices == faults.size()) continue;
        const Fault fault = faults[rest % choices];
        failures.push_back(failure(i, fault));
        const bool hopeless = fault == Fault::bad_event || fault == Fault::bad_config;
        own[i] = hopeless || attempt == 3 ? dead : retry;
      }
      const auto unordered = judge_events(Ordering::unordered, attempt, count, failures);
      const auto ordered = judge_events(Ordering::ordered, attempt, count, failures);
      ASSERT_FALSE(unordered.split || ordered.split);
      if (failures.empty()) {
        ASSERT_THAT(unordered.fates, IsEmpty());
        ASSERT_THAT(ordered.fates, IsEmpty());
        continue;
      }
      ASSERT_THAT(unordered.fates, SizeIs(count));
      ASSERT_THAT(ordered.fates, SizeIs(count));
      const std::uint32_t lowest = failures.front().event;
      for (std::uint32_t i = 0; i < count; ++i) {
        ASSERT_EQ(unordered.fates[i], own[i].value_or(settle)) << code;
        const Fate behind = own[lowest] == dead ? rerun : retry;
        const Fate expected = i < lowest ? settle : i == lowest ? *own[lowest] : behind;
        ASSERT_EQ(ordered.fates[i], expected) << code;
      }
    }
}

Verdict judge_keys(std::uint32_t attempt, std::vector<EventFailure> failures,
                   const std::vector<std::string_view>& keys) {
  const RetryPolicy policy{.attempts = 3};
  return judge(policy, Ordering::keyed, attempt, keys.size(), false, Fault::transient, failures,
               keys);
}

TEST(Verdict, AKeyedFailureHoldsUpWhatStandsBehindItUnderItsOwnKey) {
  const auto verdict = judge_keys(1, {failure(1)}, {"a", "a", "b", "a"});

  EXPECT_THAT(verdict.fates, ElementsAre(settle, retry, settle, retry));
}

TEST(Verdict, BehindAKeyedEventThatDiesItsKeyGoesOnAfresh) {
  const auto verdict =
      judge_keys(1, {failure(0, Fault::bad_event), failure(1)}, {"a", "b", "a", "b"});

  EXPECT_THAT(verdict.fates, ElementsAre(dead, retry, rerun, retry));
}

TEST(Verdict, EventsWithAnEmptyKeyHaveNoOrderToKeep) {
  const auto verdict = judge_keys(1, {failure(0), failure(2, Fault::bad_event)}, {"", "", "", ""});

  EXPECT_THAT(verdict.fates, ElementsAre(retry, settle, dead, settle));
}

// As verdict.h words the rule, an event at a time: is there a failed one before it, under its key?
std::vector<Fate> by_the_rule(std::uint32_t attempt, const std::vector<EventFailure>& failures,
                              const std::vector<std::string_view>& keys) {
  std::vector<Fate> fates;
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    const auto fails_at = [&](std::uint32_t event) {
      return std::ranges::find(failures, event, &EventFailure::event);
    };
    const auto own = [&](std::uint32_t event) {
      return fails_at(event)->fault == Fault::bad_event || attempt == 3 ? dead : retry;
    };
    std::uint32_t lowest = 0;
    while (lowest < i && (fails_at(lowest) == failures.end() || keys[lowest] != keys[i])) ++lowest;
    if (lowest < i && !keys[i].empty()) {
      fates.push_back(own(lowest) == dead ? rerun : retry);
    } else {
      fates.push_back(fails_at(i) == failures.end() ? settle : own(i));
    }
  }
  return fates;
}

// Batches of up to five events, every spread over two keys and none, every set of failures.
TEST(Verdict, EveryCombinationOfKeysAndFailuresFollowsTheRule) {
  constexpr std::array<std::string_view, 3> names = {"", "a", "b"};
  const auto power = [](std::size_t base, std::size_t exponent) {
    std::size_t result = 1;
    for (; exponent > 0; --exponent) result *= base;
    return result;
  };
  for (std::size_t count = 1; count <= 5; ++count)
    for (std::size_t spread = 0; spread < power(3, count); ++spread)
      for (std::size_t code = 1; code < power(3, count); ++code)
        for (const std::uint32_t attempt : {1u, 3u}) {
          std::vector<std::string_view> keys;
          std::vector<EventFailure> failures;
          std::size_t key = spread, fault = code;
          for (std::uint32_t i = 0; i < count; ++i, key /= 3, fault /= 3) {
            keys.push_back(names[key % 3]);
            if (fault % 3 == 1) failures.push_back(failure(i));
            if (fault % 3 == 2) failures.push_back(failure(i, Fault::bad_event));
          }
          ASSERT_EQ(judge_keys(attempt, failures, keys).fates, by_the_rule(attempt, failures, keys))
              << count << " events, keys " << spread << ", failures " << code;
        }
}

TEST(Verdict, BisectFindsOnePoisonEventAmong1024InTenSplits) {
  const RetryPolicy policy{.attempts = 1, .bisect = true};
  for (const std::size_t poison : {0u, 1u, 511u, 512u, 700u, 1023u}) {
    std::vector<std::pair<std::size_t, std::size_t>> open = {{0, 1024}};
    std::vector<std::size_t> died;
    std::size_t splits = 0, invocations = 0;
    while (!open.empty()) {
      const auto [begin, end] = open.back();
      open.pop_back();
      ++invocations;
      const bool failed = begin <= poison && poison < end;
      const Verdict verdict =
          judge(policy, Ordering::ordered, 1, end - begin, failed, Fault::transient, {});
      if (verdict.split) {
        ++splits;
        const std::size_t middle = begin + (end - begin) / 2;
        open.push_back({middle, end});
        open.push_back({begin, middle});
      } else if (failed) {
        EXPECT_THAT(verdict.fates, ElementsAre(dead));
        died.push_back(begin);
      }
    }
    EXPECT_THAT(died, ElementsAre(poison));
    EXPECT_EQ(splits, 10u);
    EXPECT_EQ(invocations, 21u);
  }
}

TEST(Normalized, SortsAndKeepsOneFailurePerEventTheMostFinal) {
  const auto failures = normalized({failure(3), failure(1), failure(3, Fault::bad_event),
                                    failure(1, Fault::throttled), failure(0)});

  ASSERT_THAT(failures, SizeIs(3));
  EXPECT_EQ(failures[0].event, 0u);
  EXPECT_EQ(failures[1].event, 1u);
  EXPECT_EQ(failures[2].event, 3u);
  EXPECT_EQ(failures[2].fault, Fault::bad_event);
}

TEST(Backoff, DoublesUpToItsBound) {
  const Backoff policy{.initial = 200ms, .max = 1s, .jitter = Jitter::none};

  EXPECT_EQ(backoff(policy, 1, 0), 200ms);
  EXPECT_EQ(backoff(policy, 2, 0), 400ms);
  EXPECT_EQ(backoff(policy, 3, 0), 800ms);
  EXPECT_EQ(backoff(policy, 4, 0), 1s);
  EXPECT_EQ(backoff(policy, 5, 0), 1s);
}

TEST(Backoff, JitterIsUniformBelowTheBound) {
  const Backoff policy{.initial = 200ms, .max = 1s, .jitter = Jitter::full};
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();

  EXPECT_EQ(backoff(policy, 2, 0), 0us);
  EXPECT_EQ(backoff(policy, 2, most / 2 + 1), 200ms);
  EXPECT_LT(backoff(policy, 2, most), 400ms);
  EXPECT_GE(backoff(policy, 2, most), 400ms - 1us);
}

TEST(Backoff, ManyAttemptsDoNotOverflow) {
  const Backoff policy{.initial = 1us, .max = 24h * 7, .jitter = Jitter::none};

  EXPECT_EQ(backoff(policy, 46, 0), 24h * 7);
  EXPECT_EQ(backoff(policy, 65, 0), 24h * 7);
  EXPECT_EQ(backoff(policy, std::numeric_limits<std::uint32_t>::max(), 0), 24h * 7);
}

TEST(Backoff, AnInitialWaitAboveTheBoundIsTheBound) {
  const Backoff policy{.initial = 1min, .max = 1s, .jitter = Jitter::none};

  EXPECT_EQ(backoff(policy, 1, 0), 1s);
}

TEST(Backoff, NothingStaysNothing) {
  const Backoff policy{.initial = 0us, .max = 1s, .jitter = Jitter::none};

  EXPECT_EQ(backoff(policy, 9, 0), 0us);
}

}  // namespace
}  // namespace tidemill

#include "core/dispatch/sink_writer.h"

#include <gmock/gmock.h>

#include <string>

#include "core/dispatch/testing/fake_edges.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

const Instant t0{};
const Error busy{Fault::transient, "busy"};

class SinkWriterTest : public ::testing::Test {
 protected:
  SinkWriterTest() {
    target_.binding.sink = &sink_;
    target_.binding.retry.backoff.jitter = Jitter::none;
  }
  ~SinkWriterTest() override { scheduler_.abandon(); }

  void add(std::uint32_t event, std::string_view data, std::string_view key = {}) {
    events_.resize(std::max<std::size_t>(events_.size(), event + 1));
    effects_.push_back({.event = event, .key = key, .data = data});
  }

  void fail_first_time(std::string_view which) {
    sink_.answers_with = [which](std::string_view data, int write) -> Result<> {
      if (data == which && write == 1) return std::unexpected(busy);
      return {};
    };
  }

  SinkWrite write() {
    SinkWrite write;
    write.events = events_;
    write.effects = effects_;
    write.ordering = ordering_;
    write.give_up = [this](const Effect& effect, const Error& error, std::uint32_t attempts) {
      lost_.push_back(std::string(effect.data) + ": " + error.message + ", " +
                      std::to_string(attempts));
      dead_.insert(effect.event);
    };
    write.given_up = [this](const Effect& effect) { return dead_.contains(effect.event); };
    write.waits = [this](const Error&) { ++waits_; };
    write.stop = [this] { return stopping_; };
    return write;
  }

  bool run() { return scheduler_.run(write_until_settled(scheduler_, target_, write())); }

  testing::VirtualScheduler scheduler_;
  testing::FakeSink sink_{scheduler_};
  int waits_ = 0;
  Target target_{{.name = "out"}, std::make_unique<Turnstile>(scheduler_)};
  std::vector<Event> events_;
  std::vector<Effect> effects_;
  std::vector<std::string> lost_;
  std::set<std::uint32_t> dead_;
  Ordering ordering_ = Ordering::unordered;
  bool stopping_ = false;
};

TEST_F(SinkWriterTest, NothingToWriteIsNotWritten) {
  EXPECT_TRUE(run());
  EXPECT_EQ(sink_.writes, 0);
}

TEST_F(SinkWriterTest, OnlyWhatFailedIsWrittenAgainAtTheBackOff) {
  sink_.answers_with = [](std::string_view data, int write) -> Result<> {
    if (data == "b" && write < 3) return std::unexpected(busy);
    return {};
  };
  add(0, "a");
  add(1, "b");
  add(2, "c");

  EXPECT_TRUE(run());
  EXPECT_THAT(sink_.tried, ElementsAre("a", "b", "c", "b", "b"));
  EXPECT_EQ(scheduler_.now(), t0 + 200ms + 400ms);
  EXPECT_THAT(lost_, IsEmpty());
}

TEST_F(SinkWriterTest, WhatHasTheKeyOfAFailedEffectIsWrittenAgainBehindIt) {
  fail_first_time("k1");
  add(0, "k0", "k");
  add(1, "k1", "k");
  add(2, "other", "o");
  add(3, "k2", "k");
  add(4, "none");

  EXPECT_TRUE(run());
  EXPECT_THAT(sink_.received, ElementsAre("k0", "other", "k2", "none", "k1", "k2"));
}

TEST_F(SinkWriterTest, KeysOfEventsKeepTheirOrderWherePipelinesPromiseIt) {
  ordering_ = Ordering::keyed;
  fail_first_time("a1");
  add(0, "a1");
  add(1, "b1");
  add(2, "a2");
  add(3, "none");
  events_[0].key = events_[2].key = "a";
  events_[1].key = "b";

  EXPECT_TRUE(run());
  EXPECT_THAT(sink_.received, ElementsAre("b1", "a2", "none", "a1", "a2"));
}

TEST_F(SinkWriterTest, EverythingBehindAFailedEffectIsWrittenAgainWhereEverythingHasAnOrder) {
  ordering_ = Ordering::ordered;
  fail_first_time("b");
  add(0, "a");
  add(1, "b");
  add(2, "c");

  EXPECT_TRUE(run());
  EXPECT_THAT(sink_.received, ElementsAre("a", "c", "b", "c"));
}

// Each write is a new chance to fail for everything behind.
TEST_F(SinkWriterTest, WaitingBehindOthersCostsNoTries) {
  ordering_ = Ordering::ordered;
  target_.binding.retry.attempts = 2;
  sink_.answers_with = [](std::string_view data, int write) -> Result<> {
    const bool busy_now = write == 1 ? data != "b" : write == 2 ? data == "b" : false;
    if (busy_now) return std::unexpected(busy);
    return {};
  };
  add(0, "a");
  add(1, "b");
  add(2, "c");

  EXPECT_TRUE(run());
  EXPECT_THAT(lost_, IsEmpty());
  EXPECT_THAT(sink_.received, ElementsAre("b", "a", "c", "b", "c"));
  EXPECT_EQ(scheduler_.now(), t0 + 200ms + 200ms) << "the back-off begins anew where it moved on";
}

TEST_F(SinkWriterTest, NothingIsWrittenAgainBehindWhatIsGivenUp) {
  ordering_ = Ordering::ordered;
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "a2") return fail(Fault::bad_event, "odd");
    if (data == "a1") return std::unexpected(busy);
    return {};
  };
  add(0, "a1");
  add(0, "a2");
  add(1, "b");

  EXPECT_TRUE(run());
  EXPECT_THAT(sink_.tried, ElementsAre("a1", "a2", "b"));
}

TEST_F(SinkWriterTest, WhatFailsAsOftenAsItMayIsGivenUpWithItsTries) {
  target_.binding.retry.attempts = 2;
  sink_.answers_with = [](std::string_view, int) -> Result<> { return std::unexpected(busy); };
  add(0, "a");

  EXPECT_TRUE(run());
  EXPECT_THAT(lost_, ElementsAre("a: busy, 2"));
}

TEST_F(SinkWriterTest, WhatIsRefusedIsGivenUpAtOnceAndTheOthersStand) {
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "a") return fail(Fault::bad_event, "odd");
    return {};
  };
  add(0, "a");
  add(1, "b");

  EXPECT_TRUE(run());
  EXPECT_THAT(lost_, ElementsAre("a: odd, 1"));
  EXPECT_THAT(sink_.received, ElementsAre("b"));
  EXPECT_EQ(sink_.writes, 1);
}

TEST_F(SinkWriterTest, WithOneEffectGivenUpTheOthersOfItsEventAreNotTriedAgain) {
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "a1") return fail(Fault::bad_event, "odd");
    return std::unexpected(busy);
  };
  target_.binding.retry.attempts = 2;
  add(0, "a1");
  add(0, "a2");
  add(1, "b");

  EXPECT_TRUE(run());
  EXPECT_THAT(sink_.tried, ElementsAre("a1", "a2", "b", "b"));
  EXPECT_THAT(lost_, ElementsAre("a1: odd, 1", "b: busy, 2"));
}

TEST_F(SinkWriterTest, ASinkIsNotWrittenBeforeItSaid) {
  sink_.answers_with = [](std::string_view, int write) -> Result<> {
    if (write == 1) return std::unexpected(Error{Fault::throttled, "slow down", 7s});
    return {};
  };
  add(0, "a");

  EXPECT_TRUE(run());
  EXPECT_EQ(scheduler_.now(), t0 + 7s);
}

TEST_F(SinkWriterTest, WhatIsCancelledOrFencedIsPutOffAtNoCostInAttempts) {
  target_.binding.retry.attempts = 2;
  for (const Fault fault : {Fault::cancelled, Fault::fenced}) {
    effects_.clear();
    sink_.writes = 0;
    sink_.answers_with = [fault](std::string_view, int write) -> Result<> {
      if (write <= 4) return fail(fault, "not now");
      if (write == 5) return std::unexpected(busy);
      return {};
    };
    add(0, "a");

    EXPECT_TRUE(run());
    EXPECT_EQ(sink_.writes, 6);
    EXPECT_THAT(lost_, IsEmpty());
  }
}

TEST_F(SinkWriterTest, OneThatIsUnavailableIsWaitedForHoweverLongItTakesAndSaysSoNowAndThen) {
  target_.binding.retry.attempts = 2;
  sink_.answers_with = [this](std::string_view, int write) -> Result<> {
    EXPECT_EQ(target_.trouble, write == 1 ? "" : "nobody is there");
    if (write <= 40) return fail(Fault::unavailable, "nobody is there");
    return {};
  };
  add(0, "a");

  EXPECT_TRUE(run());
  EXPECT_EQ(sink_.writes, 41);
  EXPECT_THAT(lost_, IsEmpty());
  EXPECT_EQ(target_.trouble, "");
  EXPECT_EQ(waits_, 6);  // After 1, 2, 4, 8, 16 and 32 tries.
}

TEST_F(SinkWriterTest, AnswersThatDoNotFitTheEffectsSettleNone) {
  target_.binding.retry.attempts = 2;
  for (const std::size_t count : {1u, 3u}) {
    effects_.clear();
    dead_.clear();
    lost_.clear();
    sink_.answers = std::vector<Result<>>(count);
    add(0, "a");
    add(1, "b");

    EXPECT_TRUE(run());
    const std::string reason =
        "the sink answered " + std::to_string(count) + " results for 2 effects, 2";
    EXPECT_THAT(lost_, ElementsAre("a: " + reason, "b: " + reason));
  }
}

TEST_F(SinkWriterTest, StopsWithinHalfASecondHoweverLongTheBackOff) {
  target_.binding.retry.attempts = 1000;
  sink_.answers_with = [](std::string_view, int) -> Result<> {
    return std::unexpected(Error{Fault::throttled, "tomorrow", 24h});
  };
  add(0, "a");
  scheduler_.call_at(t0 + 10s, [&] { stopping_ = true; });

  EXPECT_FALSE(run());
  EXPECT_LE(scheduler_.now(), t0 + 10s + 500ms);
  EXPECT_THAT(lost_, IsEmpty()) << "stopped is not given up";
}

}  // namespace
}  // namespace tidemill

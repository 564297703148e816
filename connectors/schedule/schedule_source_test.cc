#include "schedule_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "template_text/utc_text.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using tidemill::testing::MapProgress;
using tidemill::testing::RecordingLog;
using tidemill::testing::SourceDriver;
using tidemill::testing::TempFolder;
using tidemill::testing::VirtualScheduler;

std::uint64_t micros(std::string_view text) { return template_text::utc_micros(text).value(); }

// Virtual time whose clock on the wall can be set.
class SettableClock final : public Scheduler {
 public:
  explicit SettableClock(VirtualScheduler& time) : time_(time) {}
  Executor executor() override { return time_.executor(); }
  Executor blocking() override { return time_.blocking(); }
  Instant now() const override { return time_.now(); }
  WallTime wall() const override {
    return WallTime(time_.wall().value + static_cast<std::uint64_t>(ahead.count()));
  }
  std::uint64_t random() override { return time_.random(); }
  TimerId call_at(Instant when, Callback callback) override {
    return time_.call_at(when, std::move(callback));
  }
  void cancel(TimerId timer) override { time_.cancel(timer); }

  Duration ahead{0};

 private:
  VirtualScheduler& time_;
};

class ScheduleSourceTest : public ::testing::Test {
 protected:
  struct Life {
    Life(ScheduleSourceTest& test, const Config& config, const std::string& pipeline = "p")
        : source(config, make_timetable(config).value(),
                 ScheduledPayload::make(config.data.json, pipeline, identity_of(config)).value(),
                 Services{.scheduler = test.clock_,
                          .log = test.log_,
                          .data_folder = test.folder_.path(),
                          .pipeline = pipeline}),
          driver(test.time_, source) {
      EXPECT_TRUE(driver.open(test.progress_));
    }
    ScheduleSource source;
    SourceDriver driver;
  };

  // Nothing runs meanwhile.
  void pass(Duration duration) {
    bool passed = false;
    time_.call_at(time_.now() + duration, [&passed] { passed = true; });
    time_.run_until([&passed] { return passed; });
  }

  // The times, as HH:MM:SS, of what is delivered within so long.
  std::vector<std::string> within(Life& life, Duration duration, bool settles = true) {
    std::vector<std::string> times;
    const Instant end = time_.now() + duration;
    bool over = false;
    time_.call_at(end, [&over] { over = true; });
    while (!over) {
      life.driver.begin_poll();
      time_.run_until([&] { return over || life.driver.answered(); });
      if (!life.driver.answered()) break;
      for (const Event& event : life.driver.take()) {
        char text[template_text::utc_text_bytes];
        template_text::put_utc(text, event.time.value);
        times.emplace_back(text + 11, 8);
        if (settles) progress_.settle(event);
      }
    }
    return times;
  }

  TempFolder folder_;
  VirtualScheduler time_{1, tidemill::testing::Order::fifo,
                         WallTime(micros("2026-05-04T10:00:30Z"))};
  SettableClock clock_{time_};
  RecordingLog log_;
  MapProgress progress_;
};

const Config every_ten_minutes{.expression = "cron(0/10 * * * ? *)"};

Config with(Misfire misfire) {
  Config config = every_ten_minutes;
  config.misfire = misfire;
  return config;
}

TEST_F(ScheduleSourceTest, DeliversEachInstantWhenItComes) {
  Life life(*this, every_ten_minutes);
  life.driver.begin_poll();
  EXPECT_FALSE(life.driver.answered());
  const auto events = life.driver.take();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(clock_.wall().value, micros("2026-05-04T10:10:00Z"));
  EXPECT_EQ(events[0].time.value, micros("2026-05-04T10:10:00Z"));
  EXPECT_EQ(events[0].offset.value, micros("2026-05-04T10:10:00Z") / 1'000'000);
  EXPECT_EQ(events[0].source, "schedule:cron(0/10%20*%20*%20*%20%3F%20*)");
  EXPECT_EQ(events[0].type, "com.tidemill.schedule");
  EXPECT_THAT(within(life, 20min), ElementsAre("10:20:00", "10:30:00"));
}

TEST_F(ScheduleSourceTest, SaysWhatEventBridgeSays) {
  Life life(*this, every_ten_minutes, "report");
  const auto events = life.driver.poll();
  const auto said = boost::json::parse(events.at(0).data.view()).as_object();
  EXPECT_EQ(said.at("detail-type"), "Scheduled Event");
  EXPECT_EQ(said.at("source"), "aws.events");
  EXPECT_EQ(said.at("time"), "2026-05-04T10:10:00Z");
  EXPECT_EQ(said.at("resources").as_array().at(0), "arn:aws:events:local:000000000000:rule/report");
  EXPECT_EQ(said.at("id").as_string().size(), 36u);
}

TEST_F(ScheduleSourceTest, SaysWhatItsDataSaysAndTheSameAtARepeat) {
  Config config = every_ten_minutes;
  config.data.json = R"({"job":"report","due":"{{time}}","nested":{"id":"{{uuid}}"}})";
  std::string first;
  {
    Life life(*this, config);
    first = life.driver.poll().at(0).data.view();
  }
  EXPECT_THAT(first, HasSubstr(R"("due":"2026-05-04T10:10:00.000Z")"));
  Life life(*this, config);
  EXPECT_EQ(life.driver.poll().at(0).data.view(), first);
}

TEST_F(ScheduleSourceTest, ARestartGoesOnWithTheNextInstant) {
  {
    Life life(*this, every_ten_minutes);
    EXPECT_THAT(within(life, 21min), ElementsAre("10:10:00", "10:20:00"));
  }
  Life life(*this, every_ten_minutes);
  EXPECT_THAT(within(life, 10min), ElementsAre("10:30:00"));
}

TEST_F(ScheduleSourceTest, WhatWasNotSettledComesAgain) {
  {
    Life life(*this, every_ten_minutes);
    EXPECT_THAT(within(life, 10min, false), ElementsAre("10:10:00"));
  }
  Life life(*this, every_ten_minutes);
  EXPECT_THAT(within(life, 1min), ElementsAre("10:10:00"));
}

TEST_F(ScheduleSourceTest, ThreeHoursOfDowntimeUnderSkipAreLeftOut) {
  {
    EXPECT_THAT(within(*std::make_unique<Life>(*this, every_ten_minutes), 10min), SizeIs(1));
  }
  pass(3h);
  Life life(*this, with(Misfire::skip));
  // 13:10 itself is no later than the grace allows.
  EXPECT_THAT(within(life, 20min), ElementsAre("13:10:00", "13:20:00", "13:30:00"));
  EXPECT_TRUE(log_.says("missed instants from 2026-05-04T10:20:00Z on"));
}

TEST_F(ScheduleSourceTest, ThreeHoursOfDowntimeUnderOnceAreMadeUpForByTheLastInstant) {
  {
    EXPECT_THAT(within(*std::make_unique<Life>(*this, every_ten_minutes), 10min), SizeIs(1));
  }
  pass(3h);
  Life life(*this, with(Misfire::once));
  EXPECT_THAT(within(life, 1s), ElementsAre("13:10:00"));
  EXPECT_THAT(within(life, 20min), ElementsAre("13:20:00", "13:30:00"));
}

TEST_F(ScheduleSourceTest, ThreeHoursOfDowntimeUnderAllAreDeliveredInOrder) {
  {
    EXPECT_THAT(within(*std::make_unique<Life>(*this, every_ten_minutes), 10min), SizeIs(1));
  }
  pass(3h);
  Life life(*this, with(Misfire::all));
  const auto made_up_for = within(life, 1s);
  ASSERT_THAT(made_up_for, SizeIs(18));
  EXPECT_EQ(made_up_for.front(), "10:20:00");
  EXPECT_EQ(made_up_for.back(), "13:10:00");
  EXPECT_FALSE(log_.says("missed"));
}

TEST_F(ScheduleSourceTest, AllHasABoundAndLeavesOutTheOldest) {
  {
    EXPECT_THAT(within(*std::make_unique<Life>(*this, every_ten_minutes), 10min), SizeIs(1));
  }
  pass(3h + 5min);
  Config config = with(Misfire::all);
  config.misfire_limit = 3;
  Life life(*this, config);
  EXPECT_THAT(within(life, 1s), ElementsAre("12:50:00", "13:00:00", "13:10:00"));
  EXPECT_TRUE(log_.says("goes on with 2026-05-04T12:50:00Z"));
}

TEST_F(ScheduleSourceTest, DowntimeBeforeTheFirstInstantIsKnownToo) {
  {
    const Life life(*this, with(Misfire::all));
  }
  pass(25min);
  Life life(*this, with(Misfire::all));
  EXPECT_THAT(within(life, 1s), ElementsAre("10:10:00", "10:20:00"));
}

TEST_F(ScheduleSourceTest, AnotherPipelineBeginsWhenItIsStarted) {
  {
    const Life life(*this, with(Misfire::all));
  }
  pass(25min);
  Life life(*this, with(Misfire::all), "another");
  EXPECT_THAT(within(life, 10min), ElementsAre("10:30:00"));
}

TEST_F(ScheduleSourceTest, WithinItsGraceNothingIsMissed) {
  Config config{.expression = "rate(1 second)", .misfire = Misfire::skip};
  {
    EXPECT_THAT(within(*std::make_unique<Life>(*this, config), 3s), SizeIs(4));
  }
  pass(20s);
  Life life(*this, config);
  EXPECT_THAT(within(life, 500ms), SizeIs(20));
}

TEST_F(ScheduleSourceTest, DelaysByLotAreTheSameAfterARestart) {
  Config config = every_ten_minutes;
  config.jitter = 5min;
  std::vector<std::uint64_t> moments;
  {
    Life life(*this, config);
    for (int i = 0; i < 5; ++i) {
      const auto events = life.driver.poll();
      ASSERT_THAT(events, SizeIs(1));
      moments.push_back(clock_.wall().value - events[0].time.value);
      EXPECT_LT(moments.back(), 300'000'000u);
      // All but the last one are known when it goes on.
      if (i < 4) progress_.settle(events[0]);
    }
  }
  EXPECT_EQ(std::set(moments.begin(), moments.end()).size(), 5u);
  clock_.ahead -= 15min;
  Life life(*this, config);
  const auto events = life.driver.poll();
  EXPECT_EQ(clock_.wall().value - events.at(0).time.value, moments[4]);
}

TEST_F(ScheduleSourceTest, PipelinesWithTheSameScheduleDrawDelaysOfTheirOwn) {
  const Seconds instant{1'777'777'777s};
  const auto one = ScheduledPayload::make("", "one", "schedule:@daily");
  const auto two = ScheduledPayload::make("", "two", "schedule:@daily");
  EXPECT_NE(one->dice(instant), two->dice(instant));
}

TEST_F(ScheduleSourceTest, AClockThatIsSetForwardIsNoticedWithinSeconds) {
  Life life(*this, with(Misfire::all));
  life.driver.begin_poll();
  EXPECT_FALSE(life.driver.answered());
  clock_.ahead = 1h;
  const Instant before = time_.now();
  EXPECT_THAT(life.driver.take(), SizeIs(6));
  EXPECT_LE(time_.now() - before, 5s);
}

TEST_F(ScheduleSourceTest, AClockThatIsSetBackMakesNothingComeAgainAndIsSaid) {
  Life life(*this, every_ten_minutes);
  EXPECT_THAT(within(life, 10min), ElementsAre("10:10:00"));
  EXPECT_EQ(life.source.trouble(), "");
  clock_.ahead = -1h;
  EXPECT_THAT(life.source.trouble(), HasSubstr("until 2026-05-04T10:10:00Z"));
  EXPECT_THAT(within(life, 69min), IsEmpty());
  EXPECT_EQ(life.source.trouble(), "");
  EXPECT_THAT(within(life, 2min), ElementsAre("10:20:00"));
}

TEST_F(ScheduleSourceTest, AnEndedScheduleWaitsUntilItIsInterrupted) {
  Life life(*this, {.expression = "at(2026-05-04T10:01:00)"});
  EXPECT_THAT(within(life, 1h), ElementsAre("10:01:00"));
  EXPECT_TRUE(log_.says("has had its last instant, 2026-05-04T10:01:00Z"));
  life.driver.interrupt();
  EXPECT_EQ(life.driver.end().error().fault, Fault::cancelled);
  EXPECT_FALSE(life.source.traits().can_exhaust);
}

TEST_F(ScheduleSourceTest, NeverGivesMoreThanItsCredit) {
  Config config{.every = 1s, .misfire = Misfire::all};
  Life life(*this, config);
  pass(100s);
  EXPECT_THAT(life.driver.poll({.events = 7, .bytes = 1 << 20}), SizeIs(7));
  EXPECT_THAT(life.driver.poll({.events = 100, .bytes = 700}), SizeIs(2));
  EXPECT_THAT(life.driver.poll({.events = 100, .bytes = 10, .alone = true}), SizeIs(1));
  EXPECT_THAT(life.driver.poll({.events = 100, .bytes = 10}), IsEmpty());
}

TEST_F(ScheduleSourceTest, TellsItsNextInstants) {
  Life life(*this, every_ten_minutes);
  EXPECT_EQ(time_.run(life.source.reach()).value(),
            "next at 2026-05-04T10:10:00Z, 2026-05-04T10:20:00Z, 2026-05-04T10:30:00Z");
}

std::string error_of(const ResolvedOptions& options) {
  auto config = source_spec().make(options);
  if (!config) return config.error().message;
  const auto made = make_timetable(*config);
  return made ? "" : made.error().message;
}

TEST(ScheduleOptions, MistakesAreSentences) {
  EXPECT_THAT(error_of({}), HasSubstr("an expression or every, one of the two"));
  EXPECT_THAT(error_of({{"every", "1000000"}, {"expression", "@daily"}}),
              HasSubstr("one of the two"));
  EXPECT_THAT(error_of({{"every", "1500000"}}), HasSubstr("whole seconds"));
  EXPECT_THAT(error_of({{"every", "1000000"}, {"start", "today"}}), HasSubstr("start takes"));
  EXPECT_EQ(error_of({{"expression", "cron(0 24 * * ? *)"}}),
            "expression: column 8: hour: expected 0 to 23; got 24 (in cron(0 24 * * ? *))");
  EXPECT_THAT(error_of({{"expression", "@daily"}, {"timezone", "Berlin"}}), HasSubstr("IANA"));
  EXPECT_EQ(error_of({{"expression", "@daily"}, {"timezone", "Europe/Berlin"}}), "");
}

}  // namespace
}  // namespace tidemill::schedule

#include "generate_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"

namespace tidemill::generate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using tidemill::testing::ample;
using tidemill::testing::MapProgress;
using tidemill::testing::RecordingLog;
using tidemill::testing::SourceDriver;
using tidemill::testing::VirtualScheduler;

class GenerateSourceTest : public ::testing::Test {
 protected:
  struct Life {
    Life(GenerateSourceTest& test, const Config& config)
        : source(config, make_payload(config).value(),
                 Services{test.scheduler_, test.log_, "/nowhere", true}),
          driver(test.scheduler_, source) {
      EXPECT_TRUE(driver.open(test.progress_));
    }
    GenerateSource source;
    SourceDriver driver;
  };

  std::vector<std::string> payloads(const Config& config) {
    Life life(*this, config);
    std::vector<std::string> texts;
    for (const Event& event : life.driver.drain()) texts.emplace_back(event.data.view());
    return texts;
  }

  std::string identity(const Config& config) { return Life(*this, config).source.identity(); }

  VirtualScheduler scheduler_;
  RecordingLog log_;
  MapProgress progress_;
};

TEST_F(GenerateSourceTest, MakesAsManyAsAskedOfTheSizeAskedFor) {
  Life life(*this, {.count = 10'000, .size = {200}, .keys = 7});
  const auto events = life.driver.drain();
  ASSERT_EQ(events.size(), 10'000u);
  std::set<std::string_view> keys;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].offset.value, i);
    EXPECT_EQ(events[i].offset_next.value, i + 1);
    EXPECT_EQ(events[i].data.size(), 200u);
    keys.insert(events[i].key);
  }
  EXPECT_EQ(keys.size(), 7u);
  EXPECT_TRUE(events[5].data.view().starts_with("{\"n\":5,\"key\":\"key-"));
  EXPECT_TRUE(events[5].data.view().ends_with("\"}"));
}

TEST_F(GenerateSourceTest, TheSeedDecidesAll) {
  const Config one{.count = 50, .seed = 1};
  const Config two{.count = 50, .seed = 2};
  EXPECT_EQ(payloads(one), payloads(one));
  EXPECT_NE(payloads(one), payloads(two));
}

TEST_F(GenerateSourceTest, ARestartGoesOnWithTheSameEvents) {
  const Config config{.count = 100, .seed = 3};
  const auto all = payloads(config);
  Life life(*this, config);
  const auto first = life.driver.poll({.events = 40, .bytes = 1 << 20});
  ASSERT_EQ(first.size(), 40u);
  for (const Event& event : first) progress_.settle(event);
  const auto rest = payloads(config);
  EXPECT_EQ(rest, std::vector(all.begin() + 40, all.end()));
}

TEST_F(GenerateSourceTest, PartitionsTakeTurnsAndEachCountsItsOwnOffsets) {
  Life life(*this, {.count = 8, .partitions = 3});
  const auto events = life.driver.drain();
  ASSERT_EQ(events.size(), 8u);
  for (std::size_t n = 0; n < events.size(); ++n) {
    EXPECT_EQ(events[n].partition.value, n % 3);
    EXPECT_EQ(events[n].offset.value, n / 3);
    EXPECT_TRUE(events[n].data.view().starts_with("{\"n\":" + std::to_string(n) + ","));
  }
}

TEST_F(GenerateSourceTest, ARestartGivesEachPartitionItsRest) {
  const Config config{.count = 10, .partitions = 3};
  {
    Life life(*this, config);
    for (const Event& event : life.driver.drain())
      if (event.partition.value == 1 || event.offset.value == 0) progress_.settle(event);
  }
  Life life(*this, config);
  std::vector<std::string> rest;
  for (const Event& event : life.driver.drain())
    rest.push_back(std::to_string(event.partition.value) + "@" +
                   std::to_string(event.offset.value));
  EXPECT_THAT(rest, ElementsAre("0@1", "2@1", "0@2", "2@2", "0@3"));
}

TEST_F(GenerateSourceTest, OneLogAndItsPartitionsDoNotShareProgress) {
  EXPECT_EQ(identity({}), "generate:seed=1&size=200&keys=100");
  EXPECT_EQ(identity({.partitions = 2}), "generate:seed=1&size=200&keys=100&partitions=2");
}

TEST_F(GenerateSourceTest, ATemplateAndItsTimesAreALogOfTheirOwn) {
  const std::set<std::string> all{identity({}), identity({.payload = "a"}),
                                  identity({.payload = "b"}),
                                  identity({.payload = "a", .time = {.start = "2026-02-01"}})};
  EXPECT_EQ(all.size(), 4u);
  EXPECT_EQ(identity({.payload = "a"}), identity({.payload = "a"}));
}

TEST_F(GenerateSourceTest, ATemplateIsFilledInForEachEvent) {
  const Config config{.count = 3,
                      .payload = R"({"n":{{index}},"user":"{{choice ann bob}}","at":"{{time}}"})",
                      .key = ".user"};
  Life life(*this, config);
  const auto events = life.driver.drain();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_TRUE(events[2].data.view().starts_with(R"({"n":2,"user":")"));
  EXPECT_TRUE(events[2].data.view().ends_with(R"(","at":"2026-01-01T00:00:02.000Z"})"));
  for (const Event& event : events) EXPECT_TRUE(event.key == "ann" || event.key == "bob");
}

TEST_F(GenerateSourceTest, WhatAPlaceholderWroteCanBeTheKey) {
  Life life(*this, {.count = 2, .payload = "for {{key}}", .content_type = "text/plain"});
  const auto events = life.driver.drain();
  EXPECT_TRUE(events[0].key.starts_with("key-"));
  EXPECT_EQ("for " + std::string(events[0].key), events[0].data.view());
  EXPECT_EQ(events[0].content_type, "text/plain");
}

TEST_F(GenerateSourceTest, APayloadMayBeEmpty) {
  EXPECT_THAT(payloads({.count = 2, .payload = R"({{choice ""}})"}), ElementsAre("", ""));
}

TEST_F(GenerateSourceTest, ASizeTooSmallForItsFieldsGrows) {
  for (const auto& text : payloads({.count = 20, .size = {0}})) EXPECT_LT(text.size(), 96u);
}

TEST_F(GenerateSourceTest, NeverDeliversBeyondItsCredit) {
  Life life(*this, {.count = 100, .size = {200}});
  EXPECT_EQ(life.driver.poll({.events = 100, .bytes = 999}).size(), 4u);
  EXPECT_EQ(life.driver.poll({.events = 3, .bytes = 9999}).size(), 3u);
  EXPECT_THAT(life.driver.poll({.events = 3, .bytes = 199}), IsEmpty());
  const auto alone = life.driver.poll({.events = 3, .bytes = 199, .alone = true});
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(alone[0].offset.value, 7u);
}

TEST_F(GenerateSourceTest, ARateIsKeptOverTime) {
  Life life(*this, {.count = 1001, .rate = {100}});
  const Instant start = scheduler_.now();
  EXPECT_EQ(life.driver.drain().size(), 1001u);
  const auto took = scheduler_.now() - start;
  EXPECT_GE(took, std::chrono::milliseconds(9'999));
  EXPECT_LE(took, std::chrono::milliseconds(10'020));
}

TEST_F(GenerateSourceTest, AHighRateComesInBursts) {
  Life life(*this, {.count = 100'000, .rate = {1e6}});
  const std::uint64_t before = scheduler_.steps();
  EXPECT_EQ(life.driver.drain().size(), 100'000u);
  EXPECT_LT(scheduler_.steps() - before, 2000u);
}

TEST_F(GenerateSourceTest, AnEndlessOneDoesNotExhaust) {
  Life endless(*this, {});
  EXPECT_FALSE(endless.source.traits().can_exhaust);
  Life counted(*this, {.count = 1});
  EXPECT_TRUE(counted.source.traits().can_exhaust);
}

TEST_F(GenerateSourceTest, AnInterruptEndsAPollThatWaits) {
  Life life(*this, {.rate = {0.001}});
  EXPECT_EQ(life.driver.poll().size(), 1u);
  life.driver.begin_poll();
  EXPECT_FALSE(life.driver.answered());
  life.driver.interrupt();
  EXPECT_EQ(life.driver.end().error().fault, Fault::cancelled);
}

}  // namespace
}  // namespace tidemill::generate

#include "app/top_view.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

#include "app/text_table.h"

namespace tidemill::app {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

PipelineSnapshot pipeline(std::string name, std::uint64_t events = 0) {
  PipelineSnapshot pipeline;
  pipeline.name = std::move(name);
  pipeline.state = "running";
  pipeline.events = events;
  return pipeline;
}

EngineSnapshot engine_at(Duration uptime, std::vector<PipelineSnapshot> pipelines) {
  EngineSnapshot engine;
  engine.version = "1.0";
  engine.data_folder = "/d";
  engine.uptime = uptime;
  engine.memory_bytes = 1024;
  engine.pipelines = std::move(pipelines);
  return engine;
}

TEST(Percentile, IsTheBucketThatSoManyReach) {
  const Buckets buckets{{10, 50}, {20, 49}, {1000, 1}};

  EXPECT_EQ(percentile(buckets, 0.5), 10u);
  EXPECT_EQ(percentile(buckets, 0.99), 20u);
  EXPECT_EQ(percentile(buckets, 1), 1000u);
  EXPECT_EQ(percentile({}, 0.5), std::nullopt);
}

TEST(Rates, AreWhatGrewInTheTimeBetween) {
  PipelineSnapshot before = pipeline("p", 100);
  PipelineSnapshot after = pipeline("p", 400);
  before.invoked = {{10, 1000}};
  after.invoked = {{10, 1000}, {500, 4}};
  after.failed_invocations = 1;
  after.lag = 7;

  const auto rates = rates_between(engine_at(10s, {before}), engine_at(12s, {after}));

  ASSERT_EQ(rates.size(), 1u);
  EXPECT_DOUBLE_EQ(rates[0].events, 150);
  EXPECT_DOUBLE_EQ(rates[0].errors, 0.5);
  EXPECT_EQ(rates[0].invoked_p50, 500u) << "of the calls in between alone";
  EXPECT_EQ(rates[0].settled_p50, std::nullopt);
  EXPECT_EQ(rates[0].lag, 7u);
}

TEST(Rates, OfAnEngineThatWasStartedAnewCountFromItsStart) {
  const auto rates =
      rates_between(engine_at(1h, {pipeline("p", 9000)}), engine_at(2s, {pipeline("p", 10)}));

  EXPECT_DOUBLE_EQ(rates[0].events, 5);
}

TEST(Rates, OfAnotherLifeAreNotComparedEvenWhenItLastsLongerAlready) {
  EngineSnapshot before = engine_at(1s, {pipeline("p", 900)});
  EngineSnapshot after = engine_at(2s, {pipeline("p", 1000)});
  before.started = "a minute ago";
  after.started = "just now";

  EXPECT_DOUBLE_EQ(rates_between(before, after)[0].events, 500);
}

TEST(Rates, AreSortedByWhatIsGreatestAndUnknownIsLeast) {
  std::vector<PipelineRates> rates(3);
  rates[0].name = "c";
  rates[1].name = "a";
  rates[2].name = "b";
  rates[1].lag = 0;
  rates[2].lag = 9;
  const auto names = [&](SortBy by) {
    auto sorted = rates;
    sort(sorted, by);
    return sorted[0].name + sorted[1].name + sorted[2].name;
  };

  EXPECT_EQ(names(SortBy::plan), "cab");
  EXPECT_EQ(names(SortBy::name), "abc");
  EXPECT_EQ(names(SortBy::lag), "bac");
}

class TopLines : public ::testing::Test {
 protected:
  TopLines() { use_utf8(); }

  std::vector<std::string> lines(const TopPage& page) const {
    return top_lines(engine_, rates_between(before_, engine_), page);
  }

  EngineSnapshot before_ = engine_at(1s, {});
  EngineSnapshot engine_ = engine_at(2s, {pipeline("orders", 1500), pipeline("audit")});
};

TEST_F(TopLines, OfAPipeAreAsWideAsTheyNeedToBe) {
  const auto all = lines({.columns = 1000, .rows = 1000});

  EXPECT_THAT(all[0], StartsWith("tidemill 1.0  up 2s"));
  EXPECT_THAT(all[2], AllOf(StartsWith("PIPELINE  STATE"), EndsWith("DEAD")));
  EXPECT_THAT(all[3], StartsWith("orders    running"));
  EXPECT_EQ(all.size(), 5u);
  for (const std::string& line : all) EXPECT_THAT(line, Not(HasSubstr("\x1b"))) << "no colours";
}

TEST_F(TopLines, NeverNeedMoreThanTheScreenHas) {
  for (int i = 0; i < 50; ++i) engine_.pipelines.push_back(pipeline("p" + std::to_string(i)));
  engine_.pipelines[0].error = std::string(300, 'x');
  engine_.store_trouble = "full\x1b[2J";
  for (std::size_t columns : {1u, 20u, 80u, 200u})
    for (std::size_t rows : {1u, 2u, 5u, 10u, 24u, 100u}) {
      const auto all = lines({.columns = columns, .rows = rows});
      EXPECT_LE(all.size(), std::max<std::size_t>(rows, 4));
      for (const std::string& line : all) EXPECT_LE(display_width(line), columns);
    }
}

TEST_F(TopLines, SayWhatEachColumnIsHoweverNarrowTheScreen) {
  EXPECT_THAT(lines({.columns = 80, .rows = 24})[2],
              "PIPELINE  STATE    EVENTS/s  SETTLED p99  LAG  RETRIES/s  ERRORS/s  DEAD");
}

TEST_F(TopLines, OnAScreenFillItAndEndWithTheKeys) {
  const auto all = lines({.columns = 100, .rows = 30, .sort = SortBy::lag, .on_screen = true});

  ASSERT_EQ(all.size(), 30u);
  EXPECT_THAT(all.back(), HasSubstr("[g lag]"));
}

TEST_F(TopLines, SayHowManyDoNotFit) {
  for (int i = 0; i < 10; ++i) engine_.pipelines.push_back(pipeline("p" + std::to_string(i)));

  EXPECT_EQ(lines({.columns = 100, .rows = 10}).back(), "… and 6 more");
}

TEST_F(TopLines, SayWhatIsWrongInWordsThatCannotHarmTheTerminal) {
  engine_.pipelines[1].error = "cannot open:\n\x1b[2J";

  EXPECT_THAT(lines({.columns = 100, .rows = 24}), Contains("audit: cannot open:\\n\\u001b[2J"));
}

TEST_F(TopLines, AsJsonHaveNumbersAndNullForWhatIsNotKnown) {
  const auto json = boost::json::parse(top_json(engine_, rates_between(before_, engine_)));

  const auto& orders = json.at("pipelines").at(0);
  EXPECT_EQ(orders.at("name"), "orders");
  EXPECT_EQ(orders.at("events_per_second").to_number<double>(), 1500);
  EXPECT_TRUE(orders.at("lag").is_null());
}

}  // namespace
}  // namespace tidemill::app

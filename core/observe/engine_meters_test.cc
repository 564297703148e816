#include "core/observe/engine_meters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/observe/metrics.h"

namespace tidemill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Labels = std::vector<std::string>;

class EngineMetersTest : public ::testing::Test {
 protected:
  std::shared_ptr<Meter> meter(const MeterDecl& decl) {
    auto made = metrics_.meters().meter(decl);
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }

  Metrics metrics_{"0"};
};

TEST_F(EngineMetersTest, ACounterAddsUpWhatIsRecordedUnderTheSameLabels) {
  const auto views = meter({.name = "views_total", .help = "Views.", .labels = {"page", "user"}});

  EXPECT_TRUE(views->record(Labels{"/a", "ann"}, 1));
  EXPECT_TRUE(views->record(Labels{"/a", "ann"}, 2.5));
  EXPECT_TRUE(views->record(Labels{"/a", "bob"}, 1));

  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("# HELP views_total Views.\n# TYPE views_total counter\n"));
  EXPECT_THAT(text, HasSubstr("views_total{page=\"/a\",user=\"ann\"} 3.5\n"));
  EXPECT_THAT(text, HasSubstr("views_total{page=\"/a\",user=\"bob\"} 1\n"));
}

TEST_F(EngineMetersTest, AGaugeIsWhatWasRecordedLast) {
  const auto heat = meter({.kind = MeterKind::gauge, .name = "heat", .help = "Heat."});

  heat->record({}, 3);
  heat->record({}, -2);

  EXPECT_THAT(metrics_.text(), HasSubstr("heat -2\n"));
}

TEST_F(EngineMetersTest, AHistogramCountsBySize) {
  const auto sizes = meter({.kind = MeterKind::histogram,
                            .name = "sizes",
                            .help = "Sizes.",
                            .labels = {"k"},
                            .buckets = {1, 10}});

  for (const double size : {0.5, 5.0, 50.0}) sizes->record(Labels{"v"}, size);

  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("sizes_count{k=\"v\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("sizes_sum{k=\"v\"} 55.5\n"));
  EXPECT_THAT(text, HasSubstr("sizes_bucket{k=\"v\",le=\"1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sizes_bucket{k=\"v\",le=\"10\"} 2\n"));
}

TEST_F(EngineMetersTest, OfSeriesTooManyNothingIsKeptButTheirNumber) {
  const auto views = meter({.name = "views", .help = "", .labels = {"user"}, .series_max = 2});

  EXPECT_TRUE(views->record(Labels{"a"}, 1));
  EXPECT_TRUE(views->record(Labels{"b"}, 1));
  EXPECT_FALSE(views->record(Labels{"c"}, 1));
  EXPECT_FALSE(views->record(Labels{"d"}, 1));
  EXPECT_TRUE(views->record(Labels{"a"}, 1));

  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("views{user=\"a\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("user=\"c\"")));
  EXPECT_THAT(text, HasSubstr("tidemill_metric_series_left_out_total{metric=\"views\"} 2\n"));
}

TEST_F(EngineMetersTest, ValuesThatLookAlikeWhenJoinedAreApart) {
  const auto meter_of_two = meter({.name = "m", .help = "", .labels = {"a", "b"}});

  meter_of_two->record(Labels{"x1:", "y"}, 1);
  meter_of_two->record(Labels{"x", "1:y"}, 1);

  EXPECT_THAT(metrics_.text(), HasSubstr("m{a=\"x1:\",b=\"y\"} 1\n"));
  EXPECT_THAT(metrics_.text(), HasSubstr("m{a=\"x\",b=\"1:y\"} 1\n"));
}

TEST_F(EngineMetersTest, TheSameDeclarationIsTheSameMetricAndAnotherIsRefused) {
  const MeterDecl decl{.name = "views", .help = "", .labels = {"user"}};
  EXPECT_EQ(meter(decl), meter(decl));
  for (const MeterDecl& other : {MeterDecl{.kind = MeterKind::gauge, .name = "views"},
                                 MeterDecl{.name = "views", .labels = {"page"}}}) {
    const auto refused = metrics_.meters().meter(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::bad_config);
    EXPECT_THAT(refused.error().message, HasSubstr("another sink declares it otherwise"));
  }
}

TEST_F(EngineMetersTest, NamesOfTheEngineAndNamesThatAreNoneAreRefused) {
  for (const auto* name : {"tidemill_events_total", "a b", ""}) {
    const auto refused = metrics_.meters().meter({.name = name, .help = "", .labels = {}});
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().fault, Fault::bad_config);
  }
}

}  // namespace
}  // namespace tidemill

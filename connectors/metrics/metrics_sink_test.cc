#include "metrics_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <map>

#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The whole of the data, as a text or a number.
class Whole final : public EventExpression {
 public:
  Result<std::string> text(const Event&, const Effect& effect) const override {
    if (effect.data == "null") return fail(Fault::bad_event, "it is null");
    return std::string(effect.data);
  }
  Result<double> number(const Event&, const Effect& effect) const override {
    double value = 0;
    const auto* const end = effect.data.data() + effect.data.size();
    if (std::from_chars(effect.data.data(), end, value).ec != std::errc())
      return fail(Fault::bad_event, "it is no number");
    return value;
  }
};

class FakeMeters final : public Meters {
 public:
  struct Fake final : Meter {
    bool record(std::span<const std::string> labels, double value) override {
      if (full) return false;
      std::string line;
      for (const std::string& label : labels) line += label + ' ';
      seen.push_back(line + std::to_string(static_cast<int>(value)));
      return true;
    }
    std::vector<std::string> seen;
    bool full = false;
  };

  Result<std::shared_ptr<Meter>> meter(const MeterDecl& decl) override {
    if (decl.name == "taken") return fail(Fault::bad_config, "it is taken");
    auto& fake = fakes[decl.name];
    if (fake == nullptr) fake = std::make_shared<Fake>();
    return fake;
  }

  std::map<std::string, std::shared_ptr<Fake>> fakes;
};

class MetricsSinkTest : public ::testing::Test {
 protected:
  static MetricRule rule(MeterKind kind, const std::string& name, bool label, bool value) {
    const auto whole = std::make_shared<const Whole>();
    MetricRule made{.decl = {.kind = kind, .name = name}, .labels = {}, .value = nullptr};
    if (label) {
      made.decl.labels = {"whole"};
      made.labels = {whole};
    }
    if (value) made.value = whole;
    return made;
  }

  std::vector<Result<>> write(std::vector<MetricRule> rules,
                              const std::vector<std::string>& messages) {
    MetricsSink sink(
        std::move(rules),
        {.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere", .meters = &meters_});
    const auto opened = scheduler_.run(sink.open());
    EXPECT_TRUE(opened) << opened.error().message;
    std::vector<Effect> effects;
    for (const auto& message : messages) effects.emplace_back().data = message;
    SinkBatch batch;
    batch.events = events_;
    batch.effects = effects;
    auto results = scheduler_.run(sink.write(batch));
    scheduler_.run(sink.close());
    return results;
  }

  std::vector<Event> events_{1};
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  FakeMeters meters_;
};

TEST_F(MetricsSinkTest, EachMessageIsRecordedByEachRule) {
  EXPECT_THAT(write({rule(MeterKind::counter, "count", true, false),
                     rule(MeterKind::gauge, "last", false, true)},
                    {"3", "-4"}),
              IsEmpty());

  EXPECT_THAT(meters_.fakes["count"]->seen, ElementsAre("3 1", "-4 1"));
  EXPECT_THAT(meters_.fakes["last"]->seen, ElementsAre("3", "-4"));
}

TEST_F(MetricsSinkTest, AMessageThatFailsChangesNothingAndFailsAlone) {
  const auto results = write({rule(MeterKind::counter, "count", false, false),
                              rule(MeterKind::gauge, "last", false, true)},
                             {"1", "x", "2"});

  ASSERT_EQ(results.size(), 3);
  EXPECT_TRUE(results[0] && results[2]);
  EXPECT_EQ(results[1].error().fault, Fault::bad_event);
  EXPECT_EQ(results[1].error().message, "last: value: it is no number");
  EXPECT_THAT(meters_.fakes["count"]->seen, ElementsAre("1", "1"));
  EXPECT_THAT(meters_.fakes["last"]->seen, ElementsAre("1", "2"));
}

TEST_F(MetricsSinkTest, ACounterDoesNotGoDown) {
  const auto results = write({rule(MeterKind::counter, "count", false, true)}, {"-1"});
  EXPECT_EQ(results.at(0).error().message, "count: by: a counter does not go down");
}

TEST_F(MetricsSinkTest, ALabelThatIsNotThereIsToldByItsName) {
  const auto results = write({rule(MeterKind::counter, "count", true, false)}, {"null"});
  EXPECT_EQ(results.at(0).error().message, "count: whole: it is null");
}

TEST_F(MetricsSinkTest, LabelsHaveAnEndAndAreUtf8) {
  std::string many;
  for (int i = 0; i < 200; ++i) many += "é";
  write({rule(MeterKind::counter, "count", true, false)}, {'x' + many, "\xff"});

  const auto& seen = meters_.fakes["count"]->seen;
  EXPECT_EQ(seen.at(0).size(), 255 + 2);  // Half a letter is none.
  EXPECT_EQ(seen.at(1), "(not UTF-8) 1");
}

TEST_F(MetricsSinkTest, SeriesTooManyAreToldOnce) {
  meters_.fakes["count"] = std::make_shared<FakeMeters::Fake>();
  meters_.fakes["count"]->full = true;

  EXPECT_THAT(write({rule(MeterKind::counter, "count", true, false)}, {"a", "b"}), IsEmpty());

  EXPECT_TRUE(log_.says("metric count has 1000 series and gets no more"));
}

TEST_F(MetricsSinkTest, ANameThatIsTakenIsToldWhenThePipelineStarts) {
  MetricsSink sink(
      {rule(MeterKind::counter, "taken", false, false)},
      {.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere", .meters = &meters_});
  const auto opened = scheduler_.run(sink.open());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("it is taken"));
}

TEST_F(MetricsSinkTest, WhereNobodyReadsThemMessagesAreCheckedAllTheSame) {
  MetricsSink sink({rule(MeterKind::gauge, "last", false, true)},
                   {.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere"});
  ASSERT_TRUE(scheduler_.run(sink.open()));
  const std::vector<Effect> effects{{.data = "1"}, {.data = "x"}};
  SinkBatch batch;
  batch.events = events_;
  batch.effects = effects;
  const auto results = scheduler_.run(sink.write(batch));
  EXPECT_TRUE(results.at(0));
  EXPECT_FALSE(results.at(1));
}

}  // namespace
}  // namespace tidemill::metrics

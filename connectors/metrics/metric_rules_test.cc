#include "metric_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Anything final : public EventExpression {
 public:
  Result<std::string> text(const Event&, const Effect&) const override { return std::string(); }
  Result<double> number(const Event&, const Effect&) const override { return 0.0; }
};

class MetricRulesTest : public ::testing::Test {
 protected:
  Result<std::vector<MetricRule>> read(const SinkConfig& config) {
    const CompileExpression compile =
        [this](std::string_view text) -> Result<std::shared_ptr<const EventExpression>> {
      compiled_.emplace_back(text);
      if (text == "(") return fail(Fault::bad_config, "jq: it ends too early");
      return std::make_shared<const Anything>();
    };
    return read_rules(config, compile);
  }

  std::string refusal(const SinkConfig& config) {
    const auto rules = read(config);
    return rules ? "" : rules.error().message;
  }

  std::vector<std::string> compiled_;
};

TEST_F(MetricRulesTest, EachMetricIsARule) {
  const auto rules = read({.counters = {R"({"views_total": {"help": "Views.", "by": ".n",
                                            "labels": {"page": ".page", "kind": ".kind"}},
                                            "all_total": null})"},
                           .gauges = {R"({"heat": {"value": ".t"}})"},
                           .histograms = {R"({"seconds": {"value": ".ms / 1000"},
                                              "bytes": {"value": 7, "buckets": [1, 1e3]}})"},
                           .max_series = 7});

  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->size(), 5);
  EXPECT_EQ((*rules)[0].decl,
            (MeterDecl{MeterKind::counter, "views_total", "Views.", {"page", "kind"}, {}, 7}));
  EXPECT_EQ((*rules)[0].labels.size(), 2);
  EXPECT_NE((*rules)[0].value, nullptr);
  EXPECT_EQ((*rules)[1].value, nullptr);
  EXPECT_EQ((*rules)[2].decl.kind, MeterKind::gauge);
  EXPECT_EQ((*rules)[3].decl.buckets.size(), 11);
  EXPECT_THAT((*rules)[4].decl.buckets, ElementsAre(1, 1000));
  EXPECT_THAT(compiled_, ElementsAre(".n", ".page", ".kind", ".t", ".ms / 1000", "7"));
}

TEST_F(MetricRulesTest, WhatIsWrongIsToldWithTheMetric) {
  const auto counters = [this](const std::string& json) { return refusal({.counters = {json}}); };
  EXPECT_THAT(counters(R"({"2nd": {}})"), HasSubstr("counters: 2nd: a name has letters"));
  EXPECT_THAT(counters(R"({"a-b": {}})"), HasSubstr("counters: a-b: a name has letters"));
  EXPECT_THAT(counters(R"({"tidemill_x": {}})"), HasSubstr("the engine's own"));
  EXPECT_EQ(counters(R"({"a": {"buckets": [1]}})"),
            "counters: a: unknown key 'buckets'; known keys: help, labels, by");
  EXPECT_THAT(counters(R"({"a": {"labels": {"__x": "."}}})"), HasSubstr("'__x' cannot be"));
  EXPECT_THAT(counters(R"({"a": {"labels": {"a:b": "."}}})"), HasSubstr("'a:b' cannot be"));
  EXPECT_THAT(counters(R"({"a": {"labels": [".x"]}})"), HasSubstr("expected a mapping, LABEL"));
  EXPECT_EQ(counters(R"({"a": {"by": "("}})"), "counters: a: by: jq: it ends too early");
  EXPECT_EQ(counters(R"({"a": "x"})"), "counters: a: expected a mapping");
  EXPECT_THAT(counters(R"({"a": {"help": 7}})"), HasSubstr("help takes text"));
  EXPECT_THAT(refusal({.gauges = {R"({"g": {}})"}}), HasSubstr("gauges: g: value is missing"));
  EXPECT_THAT(refusal({.histograms = {R"({"h": {"value": ".", "labels": {"le": "."}}})"}}),
              HasSubstr("'le' cannot be"));
  for (const auto* buckets : {"1", "[]", "[1, 1]", "[2, 1]", "[\"1\"]"})
    EXPECT_THAT(refusal({.histograms = {std::string(R"({"h": {"value": ".", "buckets": )") +
                                        buckets + "}}"}}),
                HasSubstr("buckets takes ascending numbers"))
        << buckets;
}

TEST_F(MetricRulesTest, OneNameIsOneMetric) {
  EXPECT_THAT(refusal({.counters = {R"({"a": {}})"}, .gauges = {R"({"a": {"value": "."}})"}}),
              HasSubstr("gauges: a: there is another metric of that name"));
}

TEST_F(MetricRulesTest, WithoutAMetricThereIsNothingToDo) {
  EXPECT_THAT(refusal({}), HasSubstr("nothing to measure"));
  EXPECT_THAT(refusal({.counters = {"{}"}}), HasSubstr("nothing to measure"));
  EXPECT_THAT(compiled_, IsEmpty());
}

}  // namespace
}  // namespace tidemill::metrics

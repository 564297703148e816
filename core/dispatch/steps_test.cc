#include "core/dispatch/steps.h"

#include <gmock/gmock.h>

#include "core/base/detached_event.h"
#include "core/pattern/compile.h"

namespace tidemill {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using End = Steps::Passage::End;

Step filter(std::string_view json) {
  const pattern::Pattern pattern = pattern::compile(json).value();
  return pattern::PatternSet(std::span(&pattern, 1));
}

Step map(std::string_view jq) { return expression::Expression::compile(jq).value(); }

Event event_of(std::string_view data, std::string_view content_type = {}) {
  Event event;
  event.source = "test";
  event.type = "order";
  event.content_type = content_type;
  event.data = Bytes::copy(data);
  return event;
}

class StepsTest : public ::testing::Test {
 protected:
  Steps::Passage take(std::vector<Step> steps, Event& event) {
    Steps taken(std::move(steps));
    std::vector<Steps::Passage> passages;
    EXPECT_TRUE(taken.run({&event, 1}, 1 << 20, stop_, passages));
    EXPECT_EQ(passages.size(), 1u);
    return passages.front();
  }

  std::atomic<bool> stop_ = false;
};

TEST_F(StepsTest, AFilterLetsWhatMatchesPass) {
  Event right = event_of(R"({"kind": "page"})");
  Event wrong = event_of(R"({"kind": "click"})");
  const std::vector<Step> steps{filter(R"({"type": ["order"], "data": {"kind": ["page"]}})")};

  EXPECT_EQ(take(steps, right).end, End::passed);
  EXPECT_EQ(take(steps, wrong).end, End::filtered);
  EXPECT_EQ(right.before_map, nullptr);
}

TEST_F(StepsTest, AMapGivesTheDataThatFollowsAndKeepsWhatCame) {
  Event event = event_of(R"({"user": {"id": 7}, "ms": 3})", "text/plain");

  EXPECT_EQ(
      take({map("{id: .user.id}"), filter(R"({"data": {"id": [7]}})"), map(".id")}, event).end,
      End::passed);

  EXPECT_EQ(event.data.view(), "7");
  EXPECT_EQ(event.content_type, "application/json");
  const Event came = as_it_came(event);
  EXPECT_EQ(came.data.view(), R"({"user": {"id": 7}, "ms": 3})");
  EXPECT_EQ(came.content_type, "text/plain");
  EXPECT_EQ(came.before_map, nullptr);
}

TEST_F(StepsTest, WhatCameOutlivesItsSourceInADetachedCopy) {
  Event event = event_of(R"({"id": 7})");
  take({map(".id")}, event);

  const Event copy = detached(event);
  event = {};

  EXPECT_EQ(copy.data.view(), "7");
  EXPECT_EQ(as_it_came(copy).data.view(), R"({"id": 7})");
}

TEST_F(StepsTest, AJsonTypeOfItsOwnIsKept) {
  Event event = event_of("{}", "application/vnd.shop+json; charset=utf-8");

  take({map(".")}, event);

  EXPECT_EQ(event.content_type, "application/vnd.shop+json; charset=utf-8");
}

TEST_F(StepsTest, AMapThatGivesNothingFilters) {
  Event event = event_of(R"({"amount": 5})");

  EXPECT_EQ(take({map("."), map("select(.amount > 100)")}, event).end, End::filtered);

  EXPECT_EQ(event.data.view(), R"({"amount": 5})") << "what does not pass is as it came";
  EXPECT_EQ(event.before_map, nullptr);
}

TEST_F(StepsTest, AMapThatGivesSeveralFailsItsEvent) {
  Event event = event_of("[1,2,3]");

  const auto passage = take({map(".[]")}, event);

  EXPECT_EQ(passage.end, End::failed);
  EXPECT_EQ(passage.reason,
            "step 1, map: gives 3 values, and an event has one; let a sink's map give them");
}

TEST_F(StepsTest, WhatFailsSaysAtWhichStepAndIsAsItCame) {
  Event broken = event_of("{", "application/json");
  Event odd = event_of(R"({"n": "x"})");

  const auto at_filter = take({filter(R"({"data": {"n": [1]}})")}, broken);
  const auto at_map = take({map("."), map(".n + 1")}, odd);

  EXPECT_EQ(at_filter.end, End::failed);
  EXPECT_THAT(at_filter.reason, HasSubstr("step 1, filter: the data is not valid JSON"));
  EXPECT_EQ(at_map.end, End::failed);
  EXPECT_THAT(at_map.reason, HasSubstr("step 2, map: jq: "));
  EXPECT_EQ(odd.data.view(), R"({"n": "x"})");
}

TEST_F(StepsTest, AFilterOfAttributesDoesNotLookAtTheData) {
  Event event = event_of("{", "application/json");

  EXPECT_EQ(take({filter(R"({"type": ["order"]})")}, event).end, End::passed);
}

TEST_F(StepsTest, WhatTheSourceCouldNotReadIsNotLookedAt) {
  Event event = event_of("{", "application/json");
  const Attribute mark{"tidemill-refused", "it has 2 fields, and there are 3 columns"};
  event.extensions = {&mark, 1};

  EXPECT_EQ(take({filter(R"({"data": {"n": [1]}})")}, event).end, End::passed);
}

TEST_F(StepsTest, OnlyJqIsSlow) {
  EXPECT_FALSE(Steps({filter(R"({"type": ["a"]})"), map(".user.id")}).slow());
  EXPECT_TRUE(Steps({map("{id}")}).slow());
}

TEST_F(StepsTest, EndsEarlyWhenMapsHaveMadeEnoughOrItIsToldTo) {
  Steps steps({map(".")});
  std::vector<Event> events;
  for (int i = 0; i < 5; ++i) events.push_back(event_of(R"("12345678")"));
  std::vector<Steps::Passage> passages;

  EXPECT_TRUE(steps.run(events, 15, stop_, passages));
  EXPECT_EQ(passages.size(), 2u);

  stop_ = true;
  passages.clear();
  EXPECT_TRUE(steps.run(events, 1 << 20, stop_, passages));
  EXPECT_THAT(passages, IsEmpty());
}

}  // namespace
}  // namespace tidemill

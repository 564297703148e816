#include "core/dispatch/dedupe.h"

#include <gmock/gmock.h>

#include "core/dispatch/testing/fake_store.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

Event event(std::string_view id, std::string_view data, std::string_view source = "s") {
  Event event;
  event.id = id;
  event.source = source;
  event.data = Bytes::copy(data);
  return event;
}

std::vector<std::string> texts(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) texts.emplace_back(event.data.view());
  return texts;
}

class DedupeTest : public ::testing::Test {
 protected:
  Dedupe by(DedupePolicy policy) {
    return {scheduler_, store_, scheduler_.blocking(), PipelineId(1), std::move(policy)};
  }
  Dedupe::Sorted sort(std::vector<Event> events) { return sort(native_, std::move(events)); }
  Dedupe::Sorted sort(Dedupe& dedupe, std::vector<Event> events) {
    auto sorted = scheduler_.run(dedupe.sort(std::move(events)));
    EXPECT_TRUE(sorted.has_value());
    return std::move(*sorted);
  }

  testing::VirtualScheduler scheduler_;
  testing::FakeStore store_;
  Dedupe native_ = by({.by = DedupeBy::native});
};

TEST_F(DedupeTest, WhatIsNewIsFreshAndKeepsItsOrder) {
  const auto sorted = sort({event("1", "a"), event("", "b"), event("2", "c"), event("", "b")});

  EXPECT_THAT(texts(sorted.fresh), ElementsAre("a", "b", "c", "b"));
  EXPECT_THAT(sorted.settled, IsEmpty());
}

TEST_F(DedupeTest, ARepeatOfAnEventUnderWayIsHeldUntilThatIsForgotten) {
  auto sorted = sort({event("1", "first"), event("1", "second")});
  EXPECT_THAT(texts(sorted.fresh), ElementsAre("first"));
  sorted = sort({event("1", "third")});
  EXPECT_THAT(sorted.fresh, IsEmpty());
  EXPECT_THAT(sorted.settled, IsEmpty());

  EXPECT_THAT(texts(native_.forget(event("1", "first"))), ElementsAre("second", "third"));
  EXPECT_THAT(native_.forget(event("1", "first")), IsEmpty()) << "only once";
}

TEST_F(DedupeTest, WhatHasAMarkHasSettledBefore) {
  store_.marks.insert(*native_.id_of(event("1", "")));

  const auto sorted = sort({event("1", "a"), event("1", "b"), event("2", "c")});

  EXPECT_THAT(texts(sorted.settled), ::testing::UnorderedElementsAre("a", "b"));
  EXPECT_THAT(texts(sorted.fresh), ElementsAre("c"));
}

TEST_F(DedupeTest, TheMarkIsLookedForOnlyWithinTheHorizon) {
  Dedupe dedupe = by({.by = DedupeBy::native, .horizon = 1h});
  std::ignore = sort(dedupe, {event("1", "a")});

  EXPECT_EQ(store_.asked_since, WallTime(scheduler_.wall().value - 3'600'000'000));
}

TEST_F(DedupeTest, AStoreThatFailsFailsTheSort) {
  store_.read_failure = Error{Fault::transient, "broken"};
  const auto sorted = scheduler_.run(native_.sort({event("1", "a")}));

  ASSERT_FALSE(sorted.has_value());
  EXPECT_EQ(sorted.error().message, "broken");
}

TEST_F(DedupeTest, TheSameIdFromAnotherSourceIsAnotherEvent) {
  EXPECT_NE(native_.id_of(event("1", "a", "s")), native_.id_of(event("1", "a", "t")));
  EXPECT_EQ(native_.id_of(event("1", "a", "s")), native_.id_of(event("1", "b", "s")));
}

TEST_F(DedupeTest, TheBodyOrAHeaderMayBeTheId) {
  const Dedupe body = by({.by = DedupeBy::body_hash});
  EXPECT_EQ(body.id_of(event("1", "same")), body.id_of(event("2", "same")));
  EXPECT_NE(body.id_of(event("1", "one")), body.id_of(event("1", "other")));
  EXPECT_FALSE(body.id_of(event("1", "")).has_value()) << "an empty body says nothing";

  const Dedupe header = by({.by = DedupeBy::header, .header = "order-id"});
  const std::array<Attribute, 2> attributes = {{{"trace", "x"}, {"order-id", "7"}}};
  Event with = event("1", "a");
  with.extensions = attributes;
  Event other = event("2", "b");
  other.extensions = std::span(attributes).subspan(1);
  EXPECT_EQ(header.id_of(with), header.id_of(other));
  EXPECT_FALSE(header.id_of(event("1", "a")).has_value());
}

}  // namespace
}  // namespace tidemill

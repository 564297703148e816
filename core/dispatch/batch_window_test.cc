#include "core/dispatch/batch_window.h"

#include <gmock/gmock.h>

#include <string>

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;
using namespace std::chrono_literals;

const Instant t0{};

Event event(std::string_view data) {
  Event event;
  event.data = Bytes::copy(data);
  return event;
}

std::vector<std::string> names(const BatchWindow::Events& events) {
  std::vector<std::string> names;
  for (const Event& event : events) names.emplace_back(event.data.view());
  return names;
}

// What each add() closed, as lists of payloads.
std::vector<std::vector<std::string>> add(BatchWindow& window, std::string_view data,
                                          Instant now = t0) {
  std::vector<BatchWindow::Events> ready;
  window.add(event(data), now, ready);
  std::vector<std::vector<std::string>> closed;
  for (const auto& batch : ready) closed.push_back(names(batch));
  return closed;
}

TEST(BatchWindow, ClosesAtTheCount) {
  BatchWindow window({.events = 2, .window = 1s});

  EXPECT_THAT(add(window, "a"), IsEmpty());
  EXPECT_THAT(add(window, "b"), ElementsAre(ElementsAre("a", "b")));
  EXPECT_TRUE(window.empty());
  EXPECT_EQ(window.deadline(), std::nullopt);
}

TEST(BatchWindow, ClosesAtTheBytes) {
  BatchWindow window({.events = 10, .bytes = {4}, .window = 1s});

  EXPECT_THAT(add(window, "aa"), IsEmpty());
  EXPECT_THAT(add(window, "bb"), ElementsAre(ElementsAre("aa", "bb")));
}

TEST(BatchWindow, AnEventThatDoesNotFitSendsTheOthersFirst) {
  BatchWindow window({.events = 10, .bytes = {4}, .window = 1s});

  EXPECT_THAT(add(window, "aaa"), IsEmpty());
  EXPECT_THAT(add(window, "bbb"), ElementsAre(ElementsAre("aaa")));
  EXPECT_THAT(names(window.flush()), ElementsAre("bbb"));
}

TEST(BatchWindow, AnOversizedEventTravelsAloneAndAtOnce) {
  BatchWindow window({.events = 10, .bytes = {4}, .window = 1s});

  EXPECT_THAT(add(window, "a"), IsEmpty());
  EXPECT_THAT(add(window, "xxxxxxxx"), ElementsAre(ElementsAre("a"), ElementsAre("xxxxxxxx")));
  EXPECT_TRUE(window.empty());
}

TEST(BatchWindow, TheObjectAnEventIsAboutCountsTowardsTheBytes) {
  BatchWindow window({.events = 10, .bytes = {100}, .window = 1s});
  Event large = event("photo");
  large.object_bytes = 95;
  std::vector<BatchWindow::Events> ready;

  window.add(std::move(large), t0, ready);

  EXPECT_EQ(ready.size(), 1u);
}

TEST(BatchWindow, ATrickleNeverHoldsTheFirstEventPastTheWindow) {
  BatchWindow window({.events = 100, .window = 50ms});

  EXPECT_THAT(add(window, "a", t0), IsEmpty());
  EXPECT_THAT(add(window, "b", t0 + 49ms), IsEmpty());
  EXPECT_THAT(window.deadline(), Optional(Eq(t0 + 50ms)));
  EXPECT_EQ(window.expire(t0 + 50ms - 1us), std::nullopt);
  EXPECT_THAT(names(window.expire(t0 + 50ms).value()), ElementsAre("a", "b"));
  EXPECT_EQ(window.expire(t0 + 1h), std::nullopt);
}

TEST(BatchWindow, TheEventThatDidNotFitStartsAWindowOfItsOwn) {
  BatchWindow window({.events = 10, .bytes = {4}, .window = 50ms});

  add(window, "aaa", t0);
  add(window, "bbb", t0 + 30ms);

  EXPECT_THAT(window.deadline(), Optional(Eq(t0 + 80ms)));
}

TEST(BatchWindow, WithoutAWindowTheBatchMayGoAtOnce) {
  BatchWindow window({.events = 10});

  EXPECT_THAT(add(window, "a"), IsEmpty());
  EXPECT_THAT(names(window.expire(t0).value()), ElementsAre("a"));
}

TEST(BatchWindow, ForgetsTheBytesOfABatchThatItHandedOver) {
  BatchWindow window({.events = 10, .bytes = {4}, .window = 50ms});
  add(window, "aaa");
  EXPECT_THAT(names(window.flush()), ElementsAre("aaa"));

  EXPECT_THAT(add(window, "bbb"), IsEmpty());
}

TEST(BatchWindow, ALoneEventDoesNotHoldRoomForAWholeBatch) {
  BatchWindow window({.events = 1000});
  add(window, "a");

  EXPECT_LT(window.flush().capacity(), 16u);
}

TEST(BatchWindow, FlushingNothingGivesNothing) {
  BatchWindow window({.events = 10});

  EXPECT_THAT(window.flush(), IsEmpty());
}

}  // namespace
}  // namespace tidemill

#include "s3_read_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "s3_fixture.h"

namespace tidemill::bucket {
namespace {

class S3ReadAheadTest : public S3Test {
 protected:
  S3ReadAheadTest() {
    for (const char* key : {"a", "b", "c", "d"}) s3_.write(key, std::string("content of ") + key);
  }

  static Event event(std::string_view key, std::uint64_t bytes = 12) {
    Event event;
    event.subject = key;
    event.version = "1";
    event.object_bytes = bytes;
    return event;
  }

  // What was lent a thread runs when the test says so.
  void run_lent() {
    for (auto& call : std::exchange(lent_, {})) call();
  }

  std::size_t reads_of(const std::string& key) const {
    const auto requests = s3_.requests();
    return static_cast<std::size_t>(
        std::ranges::count(requests, "/photos/" + key, &FakeS3::Request::target));
  }

  std::string read(const Event& event) {
    const auto object = ahead_->read(event, 1000);
    EXPECT_TRUE(object) << object.error().message;
    return std::string(object->view());
  }

  std::vector<std::function<void()>> lent_;
  std::shared_ptr<S3ReadAhead> ahead_ = std::make_shared<S3ReadAhead>(
      bucket(), [this](std::function<void()> call) { lent_.push_back(std::move(call)); });
};

TEST_F(S3ReadAheadTest, NothingIsReadBeforeAFunctionHasAsked) {
  const std::vector<Event> events{event("a"), event("b")};
  ahead_->expect(events);
  EXPECT_TRUE(lent_.empty());

  EXPECT_EQ(read(events[0]), "content of a");
  EXPECT_EQ(s3_.requests().size(), 1);
}

TEST_F(S3ReadAheadTest, ThenWhatWasHandedOverBeforeIsReadToo) {
  const std::vector<Event> events{event("a"), event("b"), event("c")};
  ahead_->expect(events);
  EXPECT_EQ(read(events[0]), "content of a");
  ASSERT_EQ(lent_.size(), 1);
  run_lent();
  EXPECT_EQ(s3_.requests().size(), 3);

  EXPECT_EQ(read(events[1]), "content of b");
  EXPECT_EQ(read(events[2]), "content of c");

  EXPECT_EQ(s3_.requests().size(), 3);
}

TEST_F(S3ReadAheadTest, NothingOfThatIsReadOnceOneWasSettledThatNobodyAskedFor) {
  const std::vector<Event> events{event("a"), event("b"), event("c")};
  ahead_->expect(events);
  ahead_->forget("a", "1");

  EXPECT_EQ(read(events[1]), "content of b");

  EXPECT_TRUE(lent_.empty());
}

TEST_F(S3ReadAheadTest, ThenWhatIsHandedOverIsReadAtOnceAndOnlyOnce) {
  EXPECT_EQ(read(event("a")), "content of a");
  const std::vector<Event> events{event("b"), event("c"), event("d")};
  ahead_->expect(events);
  ASSERT_EQ(lent_.size(), 1);
  run_lent();
  EXPECT_EQ(s3_.requests().size(), 4);

  for (const Event& one : events) EXPECT_EQ(read(one), "content of " + std::string(one.subject));

  EXPECT_EQ(s3_.requests().size(), 4);
  EXPECT_EQ(read(events[0]), "content of b");  // A second attempt reads again.
  EXPECT_EQ(reads_of("b"), 2);
}

TEST_F(S3ReadAheadTest, WhatIsAskedForBeforeItsTurnIsReadByWhoAsks) {
  EXPECT_EQ(read(event("a")), "content of a");
  const std::vector<Event> events{event("b"), event("c")};
  ahead_->expect(events);

  EXPECT_EQ(read(events[0]), "content of b");
  run_lent();

  EXPECT_EQ(reads_of("b"), 1);
  EXPECT_EQ(reads_of("c"), 1);
}

TEST_F(S3ReadAheadTest, AFunctionThatNoLongerAsksCostsNoReads) {
  EXPECT_EQ(read(event("a")), "content of a");
  const std::vector<Event> first{event("b")};
  ahead_->expect(first);
  run_lent();
  ahead_->forget("b", "1");

  const std::vector<Event> second{event("c")};
  ahead_->expect(second);

  EXPECT_TRUE(lent_.empty());
}

TEST_F(S3ReadAheadTest, NoMoreIsHeldThanAllowed) {
  EXPECT_EQ(read(event("a")), "content of a");
  constexpr std::uint64_t part = S3Bucket::part_bytes;
  constexpr std::uint64_t fit = S3ReadAhead::bytes_max / part;
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < fit + 2; ++i) keys.push_back("large" + std::to_string(10 + i));
  std::vector<Event> events;
  for (const auto& key : keys) {
    s3_.write(key, "pretends to be large");
    events.push_back(event(key, part));
  }
  events.push_back(event("b", part + 1));
  ahead_->expect(events);
  run_lent();
  EXPECT_EQ(s3_.requests().size(), 1 + fit);

  for (std::uint64_t i = 0; i < fit; ++i) EXPECT_EQ(read(events[i]), "pretends to be large");
  run_lent();

  EXPECT_EQ(s3_.requests().size(), 1 + fit + 2);
  EXPECT_EQ(reads_of("b"), 0);
}

TEST_F(S3ReadAheadTest, WhatCouldNotBeReadFailsWhenItIsAskedFor) {
  EXPECT_EQ(read(event("a")), "content of a");
  const std::vector<Event> events{event("gone")};
  ahead_->expect(events);
  run_lent();

  const auto object = ahead_->read(events[0], 1000);

  ASSERT_FALSE(object);
  EXPECT_EQ(object.error().fault, Fault::bad_event);
  const std::vector<Event> large{event("b")};
  ahead_->expect(large);
  run_lent();
  EXPECT_EQ(ahead_->read(large[0], 3).error().fault, Fault::bad_event);
}

}  // namespace
}  // namespace tidemill::bucket

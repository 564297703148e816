// The S3 source beside notifications: what they bring is news at once, and what they do not bring
// is found all the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "s3_fixture.h"
#include "s3_source.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/source_driver.h"

namespace tidemill::bucket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MapProgress;
using testing::SourceDriver;
using namespace std::chrono_literals;

/// What is known of a FakeTopic outside of the source that reads it.
struct Topic {
  std::deque<std::string> messages;
  std::vector<std::string>
      answers;  ///< "N" for what settled up to N, "N: why" for what is refused.
  Result<> opens;
  Result<> reads;
  int opened = 0;
  bool closed = false;
};

/// A log of messages, as Kafka has them.
class FakeTopic final : public Source {
 public:
  FakeTopic(Topic& topic, Scheduler& scheduler) : topic_(topic), news_(scheduler) {}

  SourceTraits traits() const override {
    return {.progress = ProgressKind::log, .buffer_bytes = 4096};
  }
  std::string identity() const override { return "topic"; }
  bool sees(std::string_view place) const override { return place == "topic"; }
  Task<Result<>> open(const Progress& progress) override {
    EXPECT_FALSE(progress.next(Partition(0)));
    ++topic_.opened;
    co_return topic_.opens;
  }
  Task<Result<PollEnd>> poll(Credit, std::vector<Event>& out) override {
    while (topic_.messages.empty() && topic_.reads && !interrupted_) co_await news_.wait();
    if (interrupted_) co_return fail(Fault::cancelled, "interrupted");
    if (!topic_.reads) co_return std::unexpected(topic_.reads.error());
    Event event;
    event.source = "topic";
    event.offset = Offset(next_++);
    event.offset_next = Offset(next_);
    event.data = Bytes::adopt(std::move(topic_.messages.front()));
    topic_.messages.pop_front();
    out.push_back(std::move(event));
    co_return PollEnd::more;
  }
  void interrupt() override {
    interrupted_ = true;
    news_.notify();
  }
  Task<Result<>> settle(std::span<const Settled> settled) override {
    for (const Settled& one : settled) {
      topic_.answers.push_back(std::to_string(one.offset.value));
      if (!one.refused.empty()) topic_.answers.back().append(": ").append(one.refused);
    }
    co_return Result<>();
  }
  Task<> close() override {
    topic_.closed = true;
    co_return;
  }

  void tell() { news_.notify(); }

 private:
  Topic& topic_;
  Signal news_;
  std::uint64_t next_ = 0;
  bool interrupted_ = false;
};

std::string notification(const std::string& key, const std::string& bucket = "photos") {
  return R"({"Records":[{"s3":{"bucket":{"name":")" + bucket + R"("},"object":{"key":")" + key +
         R"("}}}]})";
}

std::vector<std::string> keys(const std::vector<Event>& events) {
  std::vector<std::string> keys;
  for (const Event& event : events) keys.emplace_back(event.subject);
  return keys;
}

class S3NotifiedSourceTest : public S3Test {
 protected:
  ~S3NotifiedSourceTest() override {
    if (!source_) return;
    driver_.reset();
    source_->interrupt();
    scheduler_.run(source_->close());
    EXPECT_TRUE(topic_.closed);
    source_.reset();
    scheduler_.abandon();
  }

  Result<> open(std::optional<Duration> scan = 1h, bool until_idle = false, bool removed = false) {
    if (!source_) {
      S3Feed::Options options{.location = {"photos", {}},
                              .prefixes = {""},
                              .suffixes = {".jpg"},
                              .created = true,
                              .removed = removed};
      auto topic = std::make_unique<FakeTopic>(topic_, scheduler_);
      fake_ = topic.get();
      source_ = std::make_unique<S3Source>(std::move(options), bucket(), bucket(), scan,
                                           std::move(topic), services(until_idle));
      driver_.emplace(scheduler_, *source_);
    }
    return driver_->open(progress_);
  }

  /// As the server does it: a moment after the object is there.
  void tell(std::string message) {
    topic_.messages.push_back(std::move(message));
    fake_->tell();
  }

  std::vector<std::string> next() {
    before_ = scheduler_.now();
    events_ = driver_->poll();
    return keys(events_);
  }

  void settle() {
    for (const Event& event : events_) progress_.settle(event);
    driver_->settle(events_);
  }

  Duration took() const { return std::chrono::duration_cast<Duration>(scheduler_.now() - before_); }

  MapProgress progress_;
  Topic topic_;
  FakeTopic* fake_ = nullptr;
  std::unique_ptr<S3Source> source_;
  std::optional<SourceDriver> driver_;
  std::vector<Event> events_;
  Instant before_;
};

TEST_F(S3NotifiedSourceTest, WhatIsToldOfIsNewsAtOnce) {
  ASSERT_TRUE(open());
  s3_.write("a b+(1).jpg", "12345");
  tell(notification("a+b%2B%281%29.jpg"));

  EXPECT_THAT(next(), ElementsAre("a b+(1).jpg"));
  EXPECT_LT(took(), 1s);
  EXPECT_EQ(events_[0].object_bytes, 5U);
  EXPECT_THAT(topic_.answers, ElementsAre("1"));
}

TEST_F(S3NotifiedSourceTest, WhatIsSeenByBothIsOneEvent) {
  s3_.write("a.jpg", "x");
  ASSERT_TRUE(open(10s));
  tell(notification("a.jpg"));
  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  settle();
  tell(notification("a.jpg"));
  s3_.write("b.jpg", "x");

  EXPECT_THAT(next(), ElementsAre("b.jpg"));
  EXPECT_GT(took(), 5s);
}

TEST_F(S3NotifiedSourceTest, TheListingFindsWhatNobodyToldOf) {
  ASSERT_TRUE(open(std::nullopt));
  s3_.write("a.jpg", "x");

  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  EXPECT_GE(took(), S3Source::scan_beside_notifications - 1s);
}

TEST_F(S3NotifiedSourceTest, WhatIsOfAnotherBucketOrNotAskedForIsLeftOut) {
  ASSERT_TRUE(open());
  for (const char* key : {"a.jpg", "b.txt", "c.jpg"}) s3_.write(key, "x");
  tell(notification("a.jpg", "others"));
  tell(notification("b.txt"));
  tell(R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"photos"})");
  tell(notification("gone.jpg"));
  tell(notification("c.jpg"));

  EXPECT_THAT(next(), ElementsAre("c.jpg"));
  EXPECT_THAT(topic_.answers, ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(S3NotifiedSourceTest, WhatIsNoNotificationIsRefusedAndTold) {
  ASSERT_TRUE(open());
  s3_.write("a.jpg", "x");
  tell("garbage");
  tell(notification("a.jpg"));

  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  ASSERT_EQ(topic_.answers.size(), 2U);
  EXPECT_THAT(topic_.answers[0], HasSubstr("1: this is no notification of S3: it is not JSON"));
  EXPECT_TRUE(log_.says("it is not JSON (topic/0@0)"));
}

TEST_F(S3NotifiedSourceTest, ANewVersionIsLookedAtOnceTheOlderOneIsSettled) {
  ASSERT_TRUE(open());
  s3_.write("a.jpg", "1");
  tell(notification("a.jpg"));
  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  s3_.write("a.jpg", "22");
  tell(notification("a.jpg"));
  driver_->begin_poll();
  EXPECT_FALSE(driver_->answered());
  settle();

  EXPECT_THAT(keys(driver_->take()), ElementsAre("a.jpg"));
  EXPECT_LT(took(), 1s);
}

TEST_F(S3NotifiedSourceTest, ARemovalIsToldOfToo) {
  s3_.write("a.jpg", "x");
  ASSERT_TRUE(open(1h, false, true));
  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  settle();
  s3_.objects.erase("a.jpg");
  tell(notification("a.jpg"));

  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  EXPECT_EQ(events_[0].type, "com.amazonaws.s3.ObjectRemoved:Delete");
  EXPECT_LT(took(), 1s);
}

TEST_F(S3NotifiedSourceTest, AFloodOfThemIsOneListing) {
  ASSERT_TRUE(open());
  for (const char* key : {"a.jpg", "b.jpg"}) s3_.write(key, "x");
  std::string records;
  for (std::size_t i = 0; i < S3Feed::notices_max; ++i)
    records += R"({"s3":{"bucket":{"name":"photos"},"object":{"key":"no.txt"}}},)";
  records += R"({"s3":{"bucket":{"name":"photos"},"object":{"key":"a.jpg"}}})";
  tell(R"({"Records":[)" + records + "]}");

  EXPECT_THAT(next(), ElementsAre("a.jpg", "b.jpg"));
  EXPECT_LT(took(), 1s);
}

TEST_F(S3NotifiedSourceTest, AsLongAsTheyCannotBeHeardItIsAsIfThereWereNone) {
  topic_.opens = fail(Fault::unavailable, "the broker is away");
  ASSERT_TRUE(open(std::nullopt));
  s3_.write("a.jpg", "x");
  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  settle();
  EXPECT_THAT(source_->trouble(), HasSubstr("the broker is away"));
  s3_.write("b.jpg", "x");
  EXPECT_THAT(next(), ElementsAre("b.jpg"));
  EXPECT_LE(took(), S3Source::scan_alone + 1s);
  settle();

  topic_.opens = {};
  s3_.write("c.jpg", "x");
  EXPECT_THAT(next(), ElementsAre("c.jpg"));
  EXPECT_GE(topic_.opened, 2);
}

TEST_F(S3NotifiedSourceTest, OnesThatAreConfiguredWronglyAreForAPerson) {
  topic_.opens = fail(Fault::bad_config, "there is no topic");

  const auto opened = open();

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_EQ(opened.error().message, "notifications: there is no topic");
}

TEST_F(S3NotifiedSourceTest, WhatTheyHoldAheadCounts) {
  ASSERT_TRUE(open());

  EXPECT_EQ(source_->traits().buffer_bytes, 4096U);
}

TEST_F(S3NotifiedSourceTest, ARunThatEndsListensToNobody) {
  s3_.write("a.jpg", "x");
  ASSERT_TRUE(open(1h, true));

  EXPECT_THAT(keys(driver_->drain()), ElementsAre("a.jpg"));
  EXPECT_EQ(topic_.opened, 0);
}

TEST_F(S3NotifiedSourceTest, WhatWritesWhereTheyComeFromFeedsIt) {
  ASSERT_TRUE(open());

  EXPECT_TRUE(source_->sees("topic"));
  EXPECT_FALSE(source_->sees("another topic"));
}

TEST_F(S3NotifiedSourceTest, AServerThatIsAwayIsTold) {
  ASSERT_TRUE(open());
  s3_.write("a.jpg", "x");
  tell(notification("a.jpg"));
  EXPECT_THAT(next(), ElementsAre("a.jpg"));
  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(503, "SlowDown"); };

  EXPECT_EQ(source_->read_object(events_[0], 100).error().fault, Fault::unavailable);
  EXPECT_THAT(source_->trouble(), HasSubstr("SlowDown"));
  tell(notification("b.jpg"));
  EXPECT_THAT(next(), IsEmpty());
  EXPECT_EQ(driver_->end().error().fault, Fault::unavailable);

  s3_.instead = nullptr;
  s3_.write("b.jpg", "x");
  EXPECT_TRUE(source_->read_object(events_.empty() ? Event{.subject = "a.jpg"} : events_[0], 100));
  EXPECT_THAT(next(), ElementsAre("b.jpg"));
  EXPECT_EQ(source_->trouble(), "");
}

}  // namespace
}  // namespace tidemill::bucket

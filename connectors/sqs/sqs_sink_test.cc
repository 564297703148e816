#include "sqs_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "fake_queue.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::sqs {
namespace {

using ::testing::ElementsAre;
using testing::FakeQueue;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = FakeQueue::Json;

class SqsSinkTest : public ::testing::Test {
 protected:
  ~SqsSinkTest() override {
    if (sink_) scheduler_.run(sink_->close());
  }

  SqsSink& start(bool fifo = false, SinkConfig config = {}) {
    config.queue.url = fifo ? queue_.fifo_url() : queue_.url();
    config.queue.aws.access_key = "AKID";
    config.queue.aws.secret_key = {"hush"};
    Services services{scheduler_, log_, "/nowhere"};
    const aws::RetryOptions at_once{.attempts = 2, .initial = Duration(0), .max = Duration(0)};
    auto queue = SqsQueue::make(config.queue, services, at_once);
    EXPECT_TRUE(queue) << queue.error().message;
    auto rules = aws::FifoRules::make(config.fifo, fifo, services);
    sink_ = std::make_unique<SqsSink>(std::move(config), std::move(*rules), std::move(*queue),
                                      services);
    EXPECT_TRUE(scheduler_.run(sink_->open()));
    return *sink_;
  }

  /// One effect of an event of its own. All text is kept.
  Effect& add(std::string data, std::string key = {}) {
    Event event;
    event.source = "test:";
    event.id = texts_.emplace_back("e" + std::to_string(events_.size()));
    events_.push_back(event);
    Effect effect;
    effect.event = static_cast<std::uint32_t>(events_.size() - 1);
    effect.data = texts_.emplace_back(std::move(data));
    effect.key = texts_.emplace_back(std::move(key));
    return effects_.emplace_back(effect);
  }

  std::vector<Result<>> write() {
    SinkBatch batch{
        .pipeline = "p", .sink = "s", .life = {}, .events = events_, .effects = effects_};
    return scheduler_.run(sink_->write(batch));
  }

  std::vector<Json> entries() const {
    std::vector<Json> all;
    for (const Json& request : queue_.requests("SendMessageBatch"))
      for (const auto& entry : request.at("Entries").as_array()) all.push_back(entry.as_object());
    return all;
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  FakeQueue queue_{[this] { return scheduler_.now(); }};
  std::unique_ptr<SqsSink> sink_;
  std::deque<std::string> texts_;
  std::vector<Event> events_;
  std::vector<Effect> effects_;
};

TEST_F(SqsSinkTest, AnEffectIsAMessageWithItsAttributesAndId) {
  start();
  Effect& effect = add(R"({"n":1})");
  const Attribute kind{"kind", "order"};
  effect.metadata = {&kind, 1};
  effect.content_type = "application/json";

  EXPECT_THAT(write(), IsEmpty());

  const auto sent = entries();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].at("MessageBody").as_string(), R"({"n":1})");
  const Json& attributes = sent[0].at("MessageAttributes").as_object();
  EXPECT_EQ(attributes.at("kind").at("StringValue").as_string(), "order");
  EXPECT_EQ(attributes.at("content-type").at("StringValue").as_string(), "application/json");
  EXPECT_EQ(attributes.at("tidemill-id").at("StringValue").as_string(), "p:s:test:#e0#0");
  EXPECT_FALSE(sent[0].contains("MessageGroupId"));
}

TEST_F(SqsSinkTest, TenGoIntoARequestAndNoMoreThanItsBytes) {
  start();
  for (int i = 0; i < 23; ++i) add("x");
  add(std::string(200'000, 'y'));
  add(std::string(100'000, 'z'));

  EXPECT_THAT(write(), IsEmpty());

  std::vector<std::size_t> sizes;
  for (const Json& request : queue_.requests("SendMessageBatch"))
    sizes.push_back(request.at("Entries").as_array().size());
  EXPECT_THAT(sizes, ::testing::UnorderedElementsAre(10, 10, 4, 1));
  EXPECT_THAT(queue_.left(), SizeIs(25));
}

TEST_F(SqsSinkTest, EachMessageOfABatchFailsForItself) {
  start();
  for (const char* body : {"1", "2", "3"}) add(body);
  queue_.failed["1"] = {{"Code", "InternalError"}, {"SenderFault", false}};
  queue_.failed["3"] = {{"Code", "InvalidMessageContents"}, {"SenderFault", true}};

  const auto results = write();

  ASSERT_THAT(results, SizeIs(3));
  EXPECT_EQ(results[0].error().fault, Fault::unavailable);
  EXPECT_TRUE(results[1]);
  EXPECT_EQ(results[2].error().fault, Fault::bad_event);
  EXPECT_THAT(results[2].error().message, HasSubstr("InvalidMessageContents"));
}

TEST_F(SqsSinkTest, WhatCannotBeAMessageIsRefusedAlone) {
  start();
  add("");
  add("\x01");
  add("\xff");
  add("fine");

  const auto results = write();

  ASSERT_THAT(results, SizeIs(4));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(results[i].error().fault, Fault::bad_event);
  EXPECT_TRUE(results[3]);
}

TEST_F(SqsSinkTest, ThrottlingCostsNoAttempt) {
  start();
  add("1");
  queue_.refusals["SendMessageBatch"] = {
      .status = 400, .body = R"({"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow"})"};

  EXPECT_EQ(write().at(0).error().fault, Fault::unavailable);
}

TEST_F(SqsSinkTest, ARequestThatIsTooLargeIsSentInSmallerOnes) {
  start();
  for (const char* body : {"1", "2", "3", "4"}) add(body);
  queue_.refusals["SendMessageBatch"] = {
      .status = 400,
      .body = R"({"__type":"com.amazonaws.sqs#BatchRequestTooLong","message":"too long"})"};

  const auto results = write();

  for (const auto& result : results) EXPECT_EQ(result.error().fault, Fault::bad_event);
  EXPECT_THAT(queue_.requests("SendMessageBatch"), SizeIs(7));
}

TEST_F(SqsSinkTest, OfAFifoQueueTheKeyIsTheGroupAndARepeatHasTheSameId) {
  start(true);
  add("1", "user 7");
  add("2");

  EXPECT_THAT(write(), IsEmpty());
  EXPECT_THAT(write(), IsEmpty());

  const auto sent = entries();
  ASSERT_THAT(sent, SizeIs(4));
  std::map<std::string, std::set<std::string>> ids, groups;
  for (const Json& entry : sent) {
    const std::string body(entry.at("MessageBody").as_string());
    ids[body].emplace(entry.at("MessageDeduplicationId").as_string());
    groups[body].emplace(entry.at("MessageGroupId").as_string());
  }
  EXPECT_THAT(ids["1"], ElementsAre("p:s:test:#e0#0"));
  EXPECT_THAT(ids["2"], ElementsAre("p:s:test:#e1#0"));
  // A space is nothing for SQS, so the digest stands for it; without a key nothing keeps an order.
  EXPECT_THAT(groups["1"], ElementsAre(::testing::SizeIs(64)));
  EXPECT_THAT(groups["2"], ElementsAre("p:s:test:#e1#0"));
  EXPECT_FALSE(sink_->traits().concurrent_writes);
}

TEST_F(SqsSinkTest, WhatStandsBehindAFailedMessageOfItsGroupIsNotSent) {
  start(true);
  for (int i = 0; i < 15; ++i) add("a" + std::to_string(i), "a");
  add("b", "b");
  queue_.failed["a3"] = {{"Code", "InternalError"}, {"SenderFault", false}};

  const auto results = write();

  ASSERT_THAT(results, SizeIs(16));
  EXPECT_FALSE(results[3]);
  for (std::size_t i = 10; i < 15; ++i) EXPECT_FALSE(results[i]) << i;
  EXPECT_TRUE(results[15]);
  for (const auto& [body, hidden] : queue_.left()) EXPECT_NE(body, "a12");
}

TEST_F(SqsSinkTest, ADelayIsInWholeSeconds) {
  start(false, {.delay = std::chrono::milliseconds(1500)});
  add("1");

  EXPECT_THAT(write(), IsEmpty());

  EXPECT_EQ(entries().at(0).at("DelaySeconds"), 2);
}

}  // namespace
}  // namespace tidemill::sqs

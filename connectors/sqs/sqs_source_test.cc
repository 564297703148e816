#include "sqs_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_queue.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::sqs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using testing::FakeQueue;
using testing::SourceDriver;
using testing::TestServer;
using Json = FakeQueue::Json;

std::vector<std::string> bodies(const std::vector<Event>& events) {
  std::vector<std::string> all;
  for (const Event& event : events) all.emplace_back(event.data.view());
  return all;
}

std::string_view attribute(const Event& event, std::string_view name) {
  for (const Attribute& one : event.extensions)
    if (one.name == name) return one.value;
  return "(none)";
}

class SqsSourceTest : public ::testing::Test {
 protected:
  ~SqsSourceTest() override {
    if (source_) scheduler_.run(source_->close());
  }

  SqsSource& start(SourceConfig config = {}, bool until_idle = false) {
    if (config.queue.url.empty() && config.queue.queue.empty()) config.queue.url = queue_.url();
    config.queue.aws.access_key = "AKID";
    config.queue.aws.secret_key = {"hush"};
    Services services{scheduler_, log_, "/nowhere", until_idle};
    const aws::RetryOptions at_once{.attempts = 2, .initial = Duration(0), .max = Duration(0)};
    auto queue = SqsQueue::make(config.queue, services, at_once);
    EXPECT_TRUE(queue) << queue.error().message;
    source_ = std::make_unique<SqsSource>(std::move(config), std::move(*queue), services);
    driver_ = std::make_unique<SourceDriver>(scheduler_, *source_);
    opened_ = driver_->open(nothing_);
    return *source_;
  }

  void pass(Duration time) {
    bool reached = false;
    scheduler_.call_at(scheduler_.now() + time, [&reached] { reached = true; });
    scheduler_.run_until([&reached] { return reached; });
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  testing::MapProgress nothing_;
  FakeQueue queue_{[this] { return scheduler_.now(); }};
  std::unique_ptr<SqsSource> source_;
  std::unique_ptr<SourceDriver> driver_;
  Result<> opened_;
};

TEST_F(SqsSourceTest, AMessageIsAnEventAndIsDeletedOnceThatIsSettled) {
  queue_.put(R"({"n":1})", {{"kind", Json{{"DataType", "String"}, {"StringValue", "order"}}}},
             {{"SentTimestamp", "1700000000123"}, {"ApproximateReceiveCount", "2"}});
  start();

  const auto events = driver_->poll();

  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].data.view(), R"({"n":1})");
  EXPECT_EQ(events[0].id, "m1");
  EXPECT_EQ(events[0].content_type, "application/json");
  EXPECT_EQ(events[0].time.value, 1'700'000'000'123'000U);
  EXPECT_EQ(attribute(events[0], "kind"), "order");
  EXPECT_EQ(attribute(events[0], "ApproximateReceiveCount"), "2");
  EXPECT_THAT(queue_.left(), ElementsAre(Pair(R"({"n":1})", true)));

  driver_->settle(events);

  EXPECT_THAT(queue_.left(), IsEmpty());
}

TEST_F(SqsSourceTest, WhatIsUnderWayStaysHiddenForAsLongAsItTakes) {
  queue_.put("1");
  start({.visibility = 30s});
  const auto events = driver_->poll();

  pass(10min);

  EXPECT_THAT(queue_.left(), ElementsAre(Pair("1", true)));
  driver_->settle(events);
  EXPECT_THAT(queue_.left(), IsEmpty());
}

TEST_F(SqsSourceTest, WhatWasNotHandledIsShownToOthersWhenItStops) {
  for (const char* body : {"1", "2", "3"}) queue_.put(body);
  start();
  const auto events = driver_->poll({.events = 3, .bytes = 100, .alone = true});
  ASSERT_THAT(events, SizeIs(3));
  driver_->settle({events[1]});

  source_->interrupt();
  scheduler_.run(source_->close());

  EXPECT_THAT(queue_.left(), ElementsAre(Pair("1", false), Pair("3", false)));
}

TEST_F(SqsSourceTest, NoMoreIsReceivedThanTheCreditHasRoomFor) {
  for (int i = 0; i < 30; ++i) queue_.put("1");
  start();

  EXPECT_THAT(driver_->poll({.events = 3, .bytes = 1000, .alone = true}), SizeIs(3));

  EXPECT_EQ(queue_.requests("ReceiveMessage").at(0).at("MaxNumberOfMessages"), 3);
}

TEST_F(SqsSourceTest, WhatDoesNotFitTheCreditOfBytesWaitsForTheNext) {
  for (const char* body : {"12345", "67890"}) queue_.put(body);
  start();

  EXPECT_THAT(bodies(driver_->poll({.events = 10, .bytes = 6, .alone = true})),
              ElementsAre("12345"));
  EXPECT_THAT(driver_->poll({.events = 10, .bytes = 3, .alone = false}), IsEmpty());
  EXPECT_THAT(bodies(driver_->poll()), ElementsAre("67890"));
}

TEST_F(SqsSourceTest, ManyAreReceivedSideBySideAndDeletedTenAtATime) {
  for (int i = 0; i < 75; ++i) queue_.put(std::to_string(i));
  start();
  std::vector<Event> all;
  while (all.size() < 75)
    for (Event& event : driver_->poll()) all.push_back(std::move(event));

  driver_->settle(all);

  EXPECT_THAT(queue_.left(), IsEmpty());
  EXPECT_THAT(queue_.requests("DeleteMessageBatch"), SizeIs(8));
  const auto receives = queue_.requests("ReceiveMessage");
  EXPECT_EQ(receives.at(0).at("WaitTimeSeconds"), 20);
  EXPECT_EQ(receives.at(1).at("WaitTimeSeconds"), 0);
}

TEST_F(SqsSourceTest, OfABatchThatIsDeletedInPartTheRestIsToldAgain) {
  for (const char* body : {"1", "2", "3"}) queue_.put(body);
  start();
  const auto events = driver_->poll();
  std::vector<Settled> settled;
  for (const Event& event : events)
    settled.push_back({event.partition, event.offset, event.subject, event.version});
  queue_.failed["r-m2"] = {{"Code", "InternalError"}, {"SenderFault", false}};
  queue_.failed["r-m3"] = {{"Code", "ReceiptHandleIsInvalid"}, {"SenderFault", true}};

  const auto first = scheduler_.run(source_->settle(settled));

  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().fault, Fault::transient);
  EXPECT_THAT(first.error().message, HasSubstr("InternalError"));
  EXPECT_THAT(source_->trouble(), HasSubstr("InternalError"));

  queue_.failed.clear();
  ASSERT_TRUE(scheduler_.run(source_->settle(settled)));

  // The third one's receipt was good no longer: it is somebody else's.
  EXPECT_THAT(queue_.left(), ElementsAre(Pair("3", true)));
  EXPECT_THAT(queue_.requests("DeleteMessageBatch").at(1).at("Entries").as_array(), SizeIs(1));
  EXPECT_THAT(source_->trouble(), IsEmpty());
}

TEST_F(SqsSourceTest, AMessageThatOthersHaveIsHeldNoLonger) {
  queue_.put("1");
  start({.visibility = 30s});
  driver_->poll();
  queue_.failed["r-m1"] = {{"Code", "MessageNotInflight"}, {"SenderFault", true}};

  pass(2min);

  EXPECT_THAT(queue_.requests("ChangeMessageVisibilityBatch"), SizeIs(1));
  EXPECT_TRUE(log_.says("1 messages under way are not ours any more"));
}

TEST_F(SqsSourceTest, OfAFifoQueueTheGroupIsTheKeyAndKeepsItsOrder) {
  queue_.put("1", {}, {{"MessageGroupId", "g"}, {"MessageDeduplicationId", "d"}});
  SourceConfig config;
  config.queue.url = queue_.fifo_url();
  start(std::move(config));

  const auto events = driver_->poll();

  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].key, "g");
  EXPECT_EQ(attribute(events[0], "MessageDeduplicationId"), "d");
  EXPECT_TRUE(source_->traits().keys_in_order);
  EXPECT_TRUE(queue_.requests("ReceiveMessage").at(0).contains("ReceiveRequestAttemptId"));
}

TEST_F(SqsSourceTest, AnEnvelopeOfSnsIsOpened) {
  queue_.put(R"({"Type":"Notification","MessageId":"sns-1","TopicArn":"arn:t","Subject":"hello",)"
             R"("Message":"{\"n\":7}","Timestamp":"2026-01-31T08:15:00.000Z",)"
             R"("MessageAttributes":{"kind":{"Type":"String","Value":"order"}}})");
  queue_.put(R"({"Type":"other"})");
  start({.unwrap = Unwrap::sns});

  const auto events = driver_->poll();

  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].data.view(), R"({"n":7})");
  EXPECT_EQ(events[0].id, "sns-1");
  EXPECT_EQ(events[0].subject, "hello");
  EXPECT_EQ(events[0].time.value, 1'769'847'300'000'000U);
  EXPECT_EQ(attribute(events[0], "kind"), "order");
  EXPECT_EQ(attribute(events[0], "TopicArn"), "arn:t");
  EXPECT_EQ(events[1].data.view(), R"({"Type":"other"})");
  EXPECT_EQ(events[1].id, "m2");
}

TEST_F(SqsSourceTest, TheKeyMayBeAFieldOfTheMessage) {
  queue_.put(R"({"user":{"id":"u7"}})");
  start({.key = ".user.id"});

  EXPECT_EQ(driver_->poll().at(0).key, "u7");
}

TEST_F(SqsSourceTest, ASenderCannotMarkAMessageAsTheEngineDoes) {
  queue_.put("1", {{"tidemill-refused", Json{{"DataType", "String"}, {"StringValue", "x"}}}});
  start();

  EXPECT_EQ(attribute(driver_->poll().at(0), "tidemill-refused"), "(none)");
}

TEST_F(SqsSourceTest, ItIsFoundByItsName) {
  SourceConfig config;
  config.queue.queue = "orders";
  config.queue.aws.endpoint = queue_.endpoint();
  queue_.put("1");
  start(std::move(config));

  EXPECT_THAT(bodies(driver_->poll()), ElementsAre("1"));
  EXPECT_EQ(queue_.requests("ReceiveMessage").at(0).at("QueueUrl").as_string(), queue_.url());
}

TEST_F(SqsSourceTest, ARunThatIsToEndEndsWhenTheQueueIsEmptyAndNothingIsUnderWay) {
  queue_.put("1");
  start({}, true);
  const auto events = driver_->poll();
  driver_->begin_poll();
  EXPECT_FALSE(driver_->answered());

  driver_->settle(events);
  driver_->take();

  ASSERT_TRUE(driver_->end());
  EXPECT_EQ(*driver_->end(), PollEnd::exhausted);
}

TEST_F(SqsSourceTest, AQueueThatDoesNotExistIsForAPersonToMend) {
  queue_.refusals["GetQueueAttributes"] = {
      .status = 400, .body = R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"})"};
  start();

  ASSERT_FALSE(opened_);
  EXPECT_EQ(opened_.error().fault, Fault::bad_config);
  EXPECT_THAT(opened_.error().message, HasSubstr("there is no queue orders"));
}

TEST_F(SqsSourceTest, WhoMayReceiveNeedNotBeAllowedToLook) {
  queue_.refusals["GetQueueAttributes"] = {
      .status = 403, .body = R"({"__type":"com.amazonaws.sqs#AccessDenied","message":"no"})"};
  start();

  EXPECT_TRUE(opened_);
}

TEST_F(SqsSourceTest, AServerThatIsBusyIsAskedLessAndLessOften) {
  start();
  queue_.refusals["ReceiveMessage"] = {
      .status = 400, .body = R"({"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow"})"};

  driver_->poll();
  ASSERT_FALSE(driver_->end());
  const auto first = driver_->end().error();
  driver_->poll();
  const auto second = driver_->end().error();

  EXPECT_EQ(first.fault, Fault::throttled);
  EXPECT_GT(second.retry_after, first.retry_after);
  EXPECT_THAT(source_->trouble(), HasSubstr("slow"));
}

TEST_F(SqsSourceTest, PermissionsThatAreTakenAwayAreWaitedFor) {
  start();
  queue_.refusals["ReceiveMessage"] = {
      .status = 403, .body = R"({"__type":"com.amazonaws.sqs#AccessDenied","message":"no"})"};

  driver_->poll();

  ASSERT_FALSE(driver_->end());
  EXPECT_EQ(driver_->end().error().fault, Fault::throttled);
}

TEST_F(SqsSourceTest, SinksOfTheSameQueueFeedIt) {
  const SqsSource& source = start();
  const std::string place = source.identity();

  EXPECT_TRUE(source.sees(place));
  EXPECT_THAT(place, HasSubstr("/123456789012/orders"));
  const std::string host = place.substr(0, place.find('/'));
  EXPECT_TRUE(source.sees(host + "/orders"));
  EXPECT_FALSE(source.sees(host + "/210987654321/orders"));
  EXPECT_FALSE(source.sees(host + "/123456789012/others"));
}

}  // namespace
}  // namespace tidemill::sqs

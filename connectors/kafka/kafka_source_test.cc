#include "kafka_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kafka_source_fixture.h"
#include "message_batch.h"

namespace tidemill::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(KafkaSourceTest, RecordsAreEventsWithKeyTimeAndHeaders) {
  const std::string large(MessageBatch::copied_max + 1, 'x');  // Handed over where it is.
  cluster_.produce("t", 1, "k", R"({"n":1})", "v");
  cluster_.produce("t", 1, "k", nullptr);
  cluster_.produce("t", 1, "k", large.c_str());
  const auto events = read_all();  // The source is closed: the events keep its client alive.
  ASSERT_THAT(texts(events), ElementsAre(R"({"n":1})", "null", large));
  const Event& event = events.front();
  EXPECT_EQ(event.partition, Partition(1));
  EXPECT_EQ(event.offset, Offset(0));
  EXPECT_EQ(event.offset_next, Offset(1));
  EXPECT_EQ(event.key, "k");
  EXPECT_EQ(event.content_type, "application/json");
  EXPECT_EQ(event.source, "kafka://" + cluster_.address() + "/t");
  EXPECT_GT(event.time.value, 1'600'000'000'000'000u);
  ASSERT_EQ(event.extensions.size(), 1u);
  EXPECT_EQ(event.extensions[0].name, "h");
  EXPECT_EQ(event.extensions[0].value, "v");
  ASSERT_EQ(events[1].extensions.size(), 1u);
  EXPECT_EQ(events[1].extensions[0].name, "tombstone");
}

TEST_F(KafkaSourceTest, GoesOnWhereTheGroupWasToldThatItIsDurable) {
  cluster_.produce("t", 0, "k", "1");
  EXPECT_THAT(texts(read_all()), ElementsAre("1"));
  cluster_.produce("t", 0, "k", "2");
  progress_ = {};  // Only the group remembers.
  EXPECT_THAT(texts(read_all()), ElementsAre("2"));
}

TEST_F(KafkaSourceTest, WhatWasNotSettledComesAgain) {
  cluster_.produce("t", 0, "k", "1");
  EXPECT_THAT(texts(read_all("me", false)), ElementsAre("1"));
  EXPECT_THAT(texts(read_all()), ElementsAre("1"));
}

TEST_F(KafkaSourceTest, ItsOwnProgressWinsOverTheGroupUnlessAnotherEngineWentFurther) {
  for (const char* const n : {"0", "1", "2"}) cluster_.produce("t", 0, "k", n);
  const auto events = read_all();
  ASSERT_EQ(events.size(), 3u);
  progress_ = {};
  progress_.settle(events[0]);  // A folder that was set back: its state lacks 1 and 2.
  EXPECT_THAT(texts(read_all("another", false)), IsEmpty());
  EXPECT_THAT(texts(read_all("me", false)), ElementsAre("1", "2"));
}

TEST_F(KafkaSourceTest, KeepsToItsCredit) {
  for (const char* const n : {"0", "1", "2"}) cluster_.produce("t", 0, "k", n);
  auto one = source();
  ASSERT_TRUE(scheduler_.run(one->open(progress_)));
  std::vector<Event> events;
  ASSERT_TRUE(scheduler_.run(one->poll({.events = 2, .bytes = 100}, events)));
  EXPECT_LE(events.size(), 2u);
  while (events.size() < 3) {
    const std::size_t before = events.size();
    ASSERT_TRUE(scheduler_.run(one->poll({.events = 1, .bytes = 100}, events)));
    EXPECT_LE(events.size(), before + 1);
  }
  EXPECT_THAT(texts(events), ElementsAre("0", "1", "2"));
  scheduler_.run(one->close());
}

TEST_F(KafkaSourceTest, APausedPartitionWaitsWithoutLosingAnything) {
  cluster_.produce("t", 0, "k", "a");
  cluster_.produce("t", 1, "k", "b");
  auto one = source();
  ASSERT_TRUE(scheduler_.run(one->open(progress_)));
  one->pause(Partition(0), true);
  std::vector<Event> events;
  while (events.empty()) ASSERT_TRUE(scheduler_.run(one->poll(ample, events)));
  EXPECT_THAT(texts(events), ElementsAre("b"));
  one->pause(Partition(0), false);
  while (events.size() < 2) ASSERT_TRUE(scheduler_.run(one->poll(ample, events)));
  EXPECT_THAT(texts(events), ElementsAre("b", "a"));
  scheduler_.run(one->close());
}

TEST_F(KafkaSourceTest, AMissingTopicIsForAPerson) {
  rd_kafka_mock_topic_set_error(cluster_.get(), "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  auto one = source();
  const auto opened = scheduler_.run(one->open(progress_));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("/t: "));
}

TEST_F(KafkaSourceTest, AnAddressWhereNobodyAnswersIsTriedAgain) {
  config_.brokers = {"127.0.0.1:1"};
  auto one = source();
  const auto opened = scheduler_.run(one->open(progress_));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::transient);
  EXPECT_THAT(opened.error().message, HasSubstr("refused"));
}

// Its log tells how far it is: nothing else does.
TEST_F(KafkaSourceTest, EndsThoughItsGroupHasTakenItInAndGivesItNothing) {
  constexpr int sync_group = 14;  // Of Kafka's protocol.
  rd_kafka_mock_broker_push_request_error_rtts(cluster_.get(), 1, sync_group, 1,
                                               RD_KAFKA_RESP_ERR_NO_ERROR, 60'000);
  config_.properties.emplace_back("debug=cgrp");
  auto one = source(false);
  ASSERT_TRUE(scheduler_.run(one->open(progress_)));
  scheduler_.run_until([&] { return log_.says("I am elected leader"); });
  scheduler_.run(one->close());
  EXPECT_TRUE(log_.says("Consumer group sub-system terminated"));
}

TEST_F(KafkaSourceTest, AnInterruptEndsAPollThatWaits) {
  auto one = source(false);
  ASSERT_TRUE(scheduler_.run(one->open(progress_)));
  std::vector<Event> events;
  one->interrupt();
  EXPECT_EQ(scheduler_.run(one->poll(ample, events)).error().fault, Fault::cancelled);
  scheduler_.run(one->close());
}

}  // namespace
}  // namespace tidemill::kafka

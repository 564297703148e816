#include "kafka_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kafka_fixture.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAreArray;

constexpr std::int16_t produce_request = 0;  // Of Kafka's protocol.

class KafkaSinkTest : public ::testing::Test {
 protected:
  KafkaSinkTest() {
    cluster_.create("t", 1);
    config_.brokers = {cluster_.address()};
    config_.topic = "t";
  }

  Effect effect(std::string_view key, std::string_view data) {
    Effect effect;
    effect.key = key;
    effect.data = data;
    effect.ordinal = static_cast<std::uint32_t>(effects_.size());
    return effect;
  }

  void open() {
    sink_ = std::make_unique<KafkaSink>(config_, Services{scheduler_, log_, "/nowhere"});
    const auto opened = scheduler_.run(sink_->open());
    ASSERT_TRUE(opened) << opened.error().message;
  }

  SinkBatch batch() const { return {"p", "s", "", causes_, effects_}; }

  std::vector<Result<>> write() { return scheduler_.run(sink_->write(batch())); }

  // "ok" or the error of each.
  static std::vector<std::string> told(const std::vector<Result<>>& results) {
    std::vector<std::string> told;
    for (const Result<>& result : results)
      told.push_back(result ? "ok" : std::string(result.error().message));
    return told;
  }

  ~KafkaSinkTest() override {
    if (sink_) scheduler_.run(sink_->close());
  }

  // The values of the topic.
  std::vector<std::string> written() {
    std::vector<std::string> values;
    for (const auto& record : cluster_.records("t", 0)) values.push_back(record.value);
    return values;
  }

  MockCluster cluster_;
  SinkConfig config_;
  testing::RealScheduler scheduler_;
  testing::RecordingLog log_;
  const std::vector<Event> causes_ = std::vector<Event>(1);
  std::vector<Effect> effects_;
  std::unique_ptr<KafkaSink> sink_;
};

TEST_F(KafkaSinkTest, AMessageIsARecordWithKeyAndHeaders) {
  open();
  const std::vector<Attribute> metadata{{"h", "v"}};
  effects_.push_back(effect("a", "1"));
  effects_[0].metadata = metadata;
  effects_[0].content_type = "text/plain";
  EXPECT_THAT(told(write()), ElementsAre("ok"));
  const auto records = cluster_.records("t", 0);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].key, "a");
  EXPECT_EQ(records[0].value, "1");
  EXPECT_THAT(records[0].headers, ElementsAre(Pair("tidemill-id", "p:s:/0@0#0"),
                                              Pair("content-type", "text/plain"), Pair("h", "v")));
}

TEST_F(KafkaSinkTest, SeveralWritesMayBeUnderWayAtOnce) {
  config_.properties = {"queue.buffering.max.messages=3", "linger.ms=20"};
  open();
  const std::array<std::string, 8> values{"1", "2", "3", "4", "5", "6", "7", "8"};
  for (const std::string& value : values) effects_.push_back(effect("a", value));
  std::vector<std::string> first, second;
  const auto write_half = [&](std::size_t begin, std::vector<std::string>& into) -> Task<> {
    const auto half = std::span(effects_).subspan(begin, 4);
    into = told(co_await sink_->write({"p", "s", "", causes_, half}));
  };
  spawn(scheduler_, write_half(0, first));
  scheduler_.run(write_half(4, second));
  scheduler_.run_until([&] { return !first.empty(); });

  EXPECT_THAT(first, ElementsAre("ok", "ok", "ok", "ok"));
  EXPECT_THAT(second, ElementsAre("ok", "ok", "ok", "ok"));
  EXPECT_THAT(written(), UnorderedElementsAreArray(values));
}

TEST_F(KafkaSinkTest, WhatIsCompleteDoesNotLinger) {
  config_.properties = {"linger.ms=900000"};
  config_.delivery_timeout = std::chrono::hours(1);
  open();
  effects_ = {effect("a", "1"), effect("a", "2")};
  EXPECT_THAT(told(write()), ElementsAre("ok", "ok"));
  EXPECT_THAT(told(write()), ElementsAre("ok", "ok"));
}

TEST_F(KafkaSinkTest, NorDoesWhatIsThereBeforeItsBroker) {
  config_.properties = {"linger.ms=900000"};
  config_.delivery_timeout = std::chrono::hours(1);
  open();
  rd_kafka_mock_broker_set_down(cluster_.get(), 1);
  effects_ = {effect("a", "1")};
  std::vector<std::string> answers;
  const auto write_it = [&]() -> Task<> { answers = told(co_await sink_->write(batch())); };
  spawn(scheduler_, write_it());
  scheduler_.run_until([&] { return log_.says("refused"); });
  rd_kafka_mock_broker_set_up(cluster_.get(), 1);
  scheduler_.run_until([&] { return !answers.empty(); });
  EXPECT_THAT(answers, ElementsAre("ok"));
}

TEST_F(KafkaSinkTest, ATombstoneHasNoValue) {
  open();
  const std::vector<Attribute> metadata{{"tombstone", "true"}};
  effects_.push_back(effect("a", "ignored"));
  effects_[0].metadata = metadata;
  EXPECT_THAT(told(write()), ElementsAre("ok"));
  EXPECT_THAT(written(), ElementsAre("(null)"));
}

TEST_F(KafkaSinkTest, WhatIsTooLargeForTheClientFailsAlone) {
  open();
  const std::string large(2'000'000, 'x');  // More than message.max.bytes.
  effects_ = {effect("a", "1"), effect("b", large), effect("c", "3")};
  const auto results = write();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_TRUE(results[0] && results[2]);
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().fault, Fault::bad_event);
  EXPECT_THAT(written(), ElementsAre("1", "3"));
}

TEST_F(KafkaSinkTest, NeighboursOfWhatABrokerRefusesAreSentApart) {
  config_.properties = {"linger.ms=50"};  // One batch.
  open();
  rd_kafka_mock_push_request_errors(cluster_.get(), produce_request, 1,
                                    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  effects_ = {effect("a", "1"), effect("a", "2"), effect("a", "3")};
  EXPECT_THAT(told(write()), ElementsAre("ok", "ok", "ok"));
  EXPECT_THAT(written(), ElementsAre("1", "2", "3"));
}

TEST_F(KafkaSinkTest, WhatABrokerRefusesTwiceIsRefused) {
  open();
  rd_kafka_mock_push_request_errors(cluster_.get(), produce_request, 2,
                                    RD_KAFKA_RESP_ERR_INVALID_RECORD,
                                    RD_KAFKA_RESP_ERR_INVALID_RECORD);
  effects_ = {effect("a", "1")};
  const auto results = write();
  ASSERT_FALSE(results.at(0));
  EXPECT_EQ(results[0].error().fault, Fault::bad_event);
  EXPECT_THAT(written(), IsEmpty());
}

TEST_F(KafkaSinkTest, ABrokerThatStumblesIsAskedAgain) {
  open();
  rd_kafka_mock_push_request_errors(cluster_.get(), produce_request, 2,
                                    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  effects_ = {effect("a", "1"), effect("b", "2")};
  EXPECT_THAT(told(write()), ElementsAre("ok", "ok"));
  EXPECT_THAT(written(), ElementsAre("1", "2"));
}

TEST_F(KafkaSinkTest, WhatNoBrokerConfirmsIsPutOff) {
  config_.delivery_timeout = std::chrono::seconds(1);
  open();
  rd_kafka_mock_broker_set_down(cluster_.get(), 1);
  effects_ = {effect("a", "1")};
  const auto results = write();
  ASSERT_FALSE(results.at(0));
  EXPECT_EQ(results[0].error().fault, Fault::unavailable);
  rd_kafka_mock_broker_set_up(cluster_.get(), 1);
  while (!write().at(0)) {
  }
  EXPECT_THAT(written(), ElementsAre("1"));
}

TEST_F(KafkaSinkTest, AMissingTopicIsForAPerson) {
  rd_kafka_mock_topic_set_error(cluster_.get(), "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  KafkaSink sink(config_, Services{scheduler_, log_, "/nowhere"});
  const auto opened = scheduler_.run(sink.open());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("/t: "));
}

}  // namespace
}  // namespace tidemill::kafka

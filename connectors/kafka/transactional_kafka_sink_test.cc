// The control flow of transactions, against librdkafka's stand-in of a cluster, which knows the
// protocol but shows records of any transaction, and keeps none of the offsets that one commits:
// tests do that for it. What a broker makes of it all is for tests/kafka.
#include "transactional_kafka_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "kafka_fixture.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int16_t produce_request = 0;  // Of Kafka's protocol.
constexpr std::int16_t offset_fetch_request = 9;
constexpr std::int16_t init_request = 22;
constexpr std::int16_t end_request = 26;
constexpr std::int16_t offset_commit_request = 28;

class TransactionalKafkaSinkTest : public ::testing::Test {
 protected:
  TransactionalKafkaSinkTest() {
    cluster_.create("t", 1);
    config_.brokers = {cluster_.address()};
    config_.topic = "t";
    config_.transactional = true;
  }
  ~TransactionalKafkaSinkTest() override {
    if (sink_) scheduler_.run(sink_->close());
  }

  // A sink of the next life. What the last transaction was, it says.
  std::uint64_t open() {
    if (sink_) scheduler_.run(sink_->close());
    sink_ = std::make_unique<TransactionalKafkaSink>(config_, Services{.scheduler = scheduler_,
                                                                       .log = log_,
                                                                       .data_folder = "/nowhere",
                                                                       .instance = "engine.1.out"});
    const auto opened = scheduler_.run(sink_->open());
    EXPECT_TRUE(opened) << opened.error().message;
    const auto last = scheduler_.run(sink_->recover({}));
    EXPECT_TRUE(last) << last.error().message;
    return last.value_or(999);
  }

  void push_errors(std::int16_t request, std::vector<rd_kafka_resp_err_t> errors) {
    rd_kafka_mock_push_request_errors_array(cluster_.get(), request, errors.size(), errors.data());
  }

  void expect_good(const Result<>& result) { EXPECT_TRUE(result) << result.error().message; }
  void begin(std::uint64_t number) { expect_good(scheduler_.run(sink_->begin(number))); }
  void prepare() { expect_good(scheduler_.run(sink_->prepare())); }
  void commit(std::uint64_t number) {
    expect_good(scheduler_.run(sink_->commit()));
    cluster_.commit("tidemill.engine.1.out", "t", static_cast<std::int64_t>(number));
  }

  std::vector<Result<>> write(const std::vector<std::string_view>& values) {
    std::vector<Effect> effects;
    for (const std::string_view value : values) {
      Effect& effect = effects.emplace_back();
      effect.key = effect.data = value;
      effect.ordinal = static_cast<std::uint32_t>(effects.size());
    }
    return scheduler_.run(sink_->write({"p", "s", "", causes_, effects}));
  }
  static bool all_good(const std::vector<Result<>>& results) {
    return std::ranges::all_of(results, [](const auto& result) { return result.has_value(); });
  }

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
  std::unique_ptr<TransactionalKafkaSink> sink_;
};

TEST_F(TransactionalKafkaSinkTest, RecordsCommitWithTheNumberOfTheirTransaction) {
  EXPECT_EQ(open(), 0u);
  for (const std::uint64_t number : {1u, 2u}) {
    begin(number);
    EXPECT_TRUE(all_good(write({"a", "b"})));
    prepare();
    commit(number);
  }
  EXPECT_THAT(written(), ElementsAre("a", "b", "a", "b"));
  EXPECT_EQ(open(), 2u);
}

TEST_F(TransactionalKafkaSinkTest, AfterAnAbortAnotherCanBegin) {
  open();
  begin(1);
  EXPECT_TRUE(all_good(write({"a"})));
  scheduler_.run(sink_->abort());
  begin(1);
  EXPECT_TRUE(all_good(write({"a"})));
  prepare();
  commit(1);
  EXPECT_EQ(open(), 1u);
}

TEST_F(TransactionalKafkaSinkTest, CoordinatorsThatStumbleAreAskedAgain) {
  push_errors(init_request, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
  open();
  begin(1);
  EXPECT_TRUE(all_good(write({"a"})));
  push_errors(offset_commit_request, {RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
  prepare();
  push_errors(end_request, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE});
  commit(1);
  EXPECT_EQ(open(), 1u);
}

TEST_F(TransactionalKafkaSinkTest, AfterACommitThatFailedTheNumberTells) {
  open();
  begin(1);
  EXPECT_TRUE(all_good(write({"a"})));
  prepare();
  push_errors(end_request, {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH});
  const auto committed = scheduler_.run(sink_->commit());
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().fault, Fault::unavailable);
  const auto last = scheduler_.run(sink_->recover(InDoubt{1, scheduler_.wall()}));
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(*last, 0u);
  begin(1);
  EXPECT_TRUE(all_good(write({"a"})));
  prepare();
  commit(1);
}

TEST_F(TransactionalKafkaSinkTest, WhatTheBrokersHaveForgottenIsForAPersonUnlessItIsFresh) {
  open();
  const WallTime now = scheduler_.wall();
  const auto fresh = scheduler_.run(sink_->recover(InDoubt{7, now}));
  ASSERT_TRUE(fresh) << fresh.error().message;
  EXPECT_EQ(*fresh, 6u);
  const auto old = scheduler_.run(
      sink_->recover(InDoubt{7, WallTime(now.value - std::uint64_t{48} * 3600 * 1'000'000)}));
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().fault, Fault::bad_config);
  EXPECT_THAT(old.error().message,
              HasSubstr("set the offset of group tidemill.engine.1.out for partition 0 to 7"));
}

TEST_F(TransactionalKafkaSinkTest, WhereSomebodyElseHasCommittedItIsFenced) {
  open();
  begin(1);
  EXPECT_TRUE(all_good(write({"a"})));
  scheduler_.run(sink_->abort());
  cluster_.commit("tidemill.engine.1.out", "t", 5);
  const auto begun = scheduler_.run(sink_->begin(1));
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().fault, Fault::fenced);
  EXPECT_THAT(begun.error().message, HasSubstr("a copy"));
}

TEST_F(TransactionalKafkaSinkTest, ARefusedRecordIsFoundOutByBeingSentAlone) {
  config_.properties = {"linger.ms=50"};  // One batch.
  open();
  begin(1);
  push_errors(produce_request, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  const auto first = write({"a", "b"});
  for (const auto& result : first) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::unavailable);
  }
  scheduler_.run(sink_->abort());
  begin(1);
  push_errors(produce_request, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  const auto second = write({"a", "b"});
  ASSERT_FALSE(second.at(0));
  EXPECT_EQ(second[0].error().fault, Fault::bad_event);
  ASSERT_FALSE(second.at(1));
  EXPECT_EQ(second[1].error().fault, Fault::unavailable) << "it was not sent";
  scheduler_.run(sink_->abort());
  begin(1);
  EXPECT_TRUE(all_good(write({"b"})));
  prepare();
  commit(1);
}

TEST_F(TransactionalKafkaSinkTest, OffsetsThatAreNotStableAreWaitedFor) {
  open();
  push_errors(offset_fetch_request, {RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT});
  const auto unstable = scheduler_.run(sink_->recover({}));
  ASSERT_FALSE(unstable);
  EXPECT_EQ(unstable.error().fault, Fault::unavailable);
  const auto last = scheduler_.run(sink_->recover({}));
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(*last, 0u);
}

}  // namespace
}  // namespace tidemill::kafka

// Records in Avro, against the stand-in of a cluster and a registry in this process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "http_client/testing/test_server.h"
#include "kafka_source_fixture.h"
#include "tidemill/config_spec.h"

namespace tidemill::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TestServer;

constexpr const char* user_schema =
    R"({"schema":"{\"type\":\"record\",\"name\":\"u\",\"fields\":[{\"name\":\"n\",\"type\":\"int\"}]}"})";

std::string framed(std::uint32_t schema, std::string_view value) {
  std::string message(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) message += static_cast<char>(schema >> shift);
  return message.append(value);
}

class AvroSourceTest : public KafkaSourceTest {
 protected:
  AvroSourceTest() {
    config_.decode = Decode::avro;
    config_.schema_registry.url = server_.url();
  }

  void produce(std::int32_t partition, const std::string& value) {
    cluster_.send_bytes("t", partition, "k", value);
    cluster_.flush();
  }

  static std::string refusal(const Event& event) {
    for (const Attribute& one : event.extensions)
      if (one.name == "tidemill-refused") return std::string(one.value);
    return {};
  }

  TestServer::Answer answer(const std::string& target) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = answers_.find(target); found != answers_.end()) return found->second;
    return {.status = 404, .body = R"({"error_code":40403,"message":"Schema not found"})"};
  }

  void answer_with(const std::string& target, TestServer::Answer answer) {
    const std::scoped_lock lock(mutex_);
    answers_[target] = std::move(answer);
  }

  std::mutex mutex_;
  std::map<std::string, TestServer::Answer> answers_{
      {"/schemas/ids/1", {.body = user_schema}},
      {"/schemas/ids/2", {.body = R"({"schema":"\"string\""})"}}};
  TestServer server_{[this](const TestServer::Request& request) { return answer(request.target); }};
};

TEST_F(AvroSourceTest, RecordsBecomeJsonWithOneFetchOfEachSchema) {
  const std::string large(3000, 'x');
  produce(0, framed(1, "\x02"));
  produce(0, framed(1, "\x04"));
  produce(0, framed(2, "\xf0\x2e" + large));
  produce(0, framed(1, "\x06"));
  cluster_.produce("t", 0, "k", nullptr);
  const auto events = read_all();
  EXPECT_THAT(texts(events),
              ElementsAre(R"({"n":1})", R"({"n":2})", '"' + large + '"', R"({"n":3})", "null"));
  ASSERT_THAT(events, SizeIs(5));
  for (const Event& event : events) {
    EXPECT_EQ(event.content_type, "application/json");
    EXPECT_EQ(event.key, "k");
    EXPECT_EQ(refusal(event), "");
  }
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(AvroSourceTest, WhatCannotBeReadIsMarkedInItsPlaceAndStopsNobody) {
  produce(0, framed(1, "\x02"));
  produce(0, "{}");
  produce(0, framed(9, "\x02"));
  produce(0, framed(1, "\x02\x02"));
  produce(0, framed(1, "\x04"));
  const auto events = read_all();
  ASSERT_THAT(events, SizeIs(5));
  EXPECT_EQ(refusal(events[0]), "");
  EXPECT_THAT(refusal(events[1]), HasSubstr("zero byte"));
  EXPECT_EQ(events[1].data.view(), "{}");
  EXPECT_EQ(events[1].content_type, "application/octet-stream");
  EXPECT_THAT(refusal(events[2]), HasSubstr("schema 9"));
  EXPECT_THAT(refusal(events[2]), HasSubstr("Schema not found"));
  EXPECT_EQ(refusal(events[3]), "it is not of schema 1: 1 bytes are left over");
  EXPECT_EQ(events[4].data.view(), R"({"n":2})");
}

TEST_F(AvroSourceTest, APartitionWaitsForARegistryThatIsAwayAndOthersGoOn) {
  answer_with("/schemas/ids/3", {.status = 503});
  produce(0, framed(3, "\x02"));
  produce(0, framed(1, "\x04"));
  auto one = source(false);
  ASSERT_TRUE(scheduler_.run(one->open(progress_)));
  std::vector<Event> events;
  const auto poll_once = [&]() -> Task<> { EXPECT_TRUE(co_await one->poll(ample, events)); };
  spawn(scheduler_, poll_once());
  scheduler_.run_until([&] { return log_.says("the schema registry is waited for"); });
  EXPECT_THAT(events, IsEmpty());
  produce(1, framed(1, "\x06"));
  scheduler_.run_until([&] { return !events.empty(); });
  EXPECT_THAT(texts(events), ElementsAre(R"({"n":3})"));
  answer_with("/schemas/ids/3", {.body = user_schema});
  while (events.size() < 3) ASSERT_TRUE(scheduler_.run(one->poll(ample, events)));
  EXPECT_THAT(texts(events), ElementsAre(R"({"n":3})", R"({"n":1})", R"({"n":2})"));
  scheduler_.run(one->close());
}

TEST_F(AvroSourceTest, AnEngineThatEndsDoesNotWaitForTheRegistry) {
  produce(1, framed(2, "\x02y"));
  auto one = source(false);
  ASSERT_TRUE(scheduler_.run(one->open(progress_)));
  std::vector<Event> events;
  while (events.empty()) ASSERT_TRUE(scheduler_.run(one->poll(ample, events)));
  answer_with("/schemas/ids/1", {.manner = TestServer::Manner::stall});
  produce(0, framed(1, "\x02"));
  while (server_.requests().size() < 2) {  // Until it waits for the answer.
    produce(1, framed(2, "\x02z"));
    ASSERT_TRUE(scheduler_.run(one->poll(ample, events)));
  }
  one->interrupt();
  EXPECT_EQ(scheduler_.run(one->poll(ample, events)).error().fault, Fault::cancelled);
  scheduler_.run(one->close());
  EXPECT_FALSE(log_.says("waited for"));
}

TEST_F(AvroSourceTest, CreditCountsTheJson) {
  produce(0, framed(1, "\x02"));
  produce(0, framed(1, "\x04"));
  auto one = source();
  ASSERT_TRUE(scheduler_.run(one->open(progress_)));
  std::vector<Event> events;
  ASSERT_TRUE(scheduler_.run(one->poll({.events = 10, .bytes = 8, .alone = false}, events)));
  EXPECT_THAT(texts(events), ElementsAre(R"({"n":1})"));
  scheduler_.run(one->close());
}

TEST(AvroOptions, DecodeAvroNeedsARegistry) {
  const ResolvedOptions options{
      {"brokers", "b:1"}, {"topic", "t"}, {"group", "g"}, {"decode", "avro"}};
  const auto made = source_spec().make(options);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "decode: avro needs schema_registry: { url: http://HOST:PORT }");
}

}  // namespace
}  // namespace tidemill::kafka

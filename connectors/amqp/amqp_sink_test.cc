#include "amqp_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "amqp_fixture.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill::amqp {
namespace {

using ::testing::HasSubstr;

class AmqpSinkTest : public ::testing::Test {
 protected:
  AmqpSinkTest() {
    for (std::uint64_t n = 0; n < 3; ++n) {
      Event event;
      event.source = "file:events";
      event.offset = Offset(n);
      event.key = "k";
      events_.push_back(event);
      Effect effect;
      effect.event = static_cast<std::uint32_t>(n);
      effect.data = "{}";
      effects_.push_back(effect);
    }
  }
  void make(const BrokerStandIn& broker) {
    SinkConfig config;
    config.hosts = {broker.host};
    config.exchange = "out";
    Services services{scheduler_, log_, "/nowhere"};
    auto made = AmqpSink::make(config, services);
    ASSERT_TRUE(made);
    sink_ = std::move(*made);
    ASSERT_TRUE(scheduler_.run(sink_->open()));
  }
  std::vector<Result<>> write() {
    SinkBatch batch;
    batch.pipeline = "line";
    batch.sink = "it";
    batch.events = events_;
    batch.effects = effects_;
    return scheduler_.run(sink_->write(batch));
  }
  static std::string id(int n) { return "line:it:file:events/0@" + std::to_string(n) + "#0"; }

  testing::RealScheduler scheduler_;
  testing::RecordingLog log_;
  std::vector<Event> events_;
  std::vector<Effect> effects_;
  std::unique_ptr<Sink> sink_;
};

void begin(Peer& peer, std::uint16_t heartbeat_seconds = 60) {
  peer.shake_hands(heartbeat_seconds);
  peer.expect(AMQP_EXCHANGE_DECLARE_METHOD);
  peer.send(AMQP_EXCHANGE_DECLARE_OK_METHOD, amqp_exchange_declare_ok_t{});
  peer.expect(AMQP_CONFIRM_SELECT_METHOD);
  peer.send(AMQP_CONFIRM_SELECT_OK_METHOD, amqp_confirm_select_ok_t{});
}

void take(Peer& peer, int count) {
  for (int i = 0; i < count; ++i) {
    const auto publish = peer.read<amqp_basic_publish_t>(AMQP_BASIC_PUBLISH_METHOD);
    EXPECT_EQ(text_of(publish.exchange), "out");
    EXPECT_EQ(text_of(publish.routing_key), "k");
    EXPECT_NE(publish.mandatory, 0);
    EXPECT_EQ(peer.body(), "{}");
  }
}

// And ends the connection as the client asks it to.
void ack_all(Peer& peer) {
  amqp_basic_ack_t ack{};
  ack.delivery_tag = 3;
  ack.multiple = 1;
  peer.send(AMQP_BASIC_ACK_METHOD, ack);
  peer.end();
}

void confirm_all(Peer& peer) {
  begin(peer);
  take(peer, 3);
  ack_all(peer);
}

void give_back(Peer& peer, const std::string& id) {
  amqp_basic_return_t returned{};
  returned.reply_code = 312;
  returned.reply_text = bytes_of("NO_ROUTE");
  returned.exchange = bytes_of("out");
  returned.routing_key = bytes_of("k");
  peer.send(AMQP_BASIC_RETURN_METHOD, returned);
  peer.send_content(id, "{}");
}

TEST_F(AmqpSinkTest, EachMessageHasTheResultThatTheBrokerGivesIt) {
  std::vector<Result<>> results;
  {
    const BrokerStandIn broker({[&](Peer& peer) {
      begin(peer);
      take(peer, 3);
      give_back(peer, id(1));
      amqp_basic_nack_t nack{};
      nack.delivery_tag = 3;
      peer.send(AMQP_BASIC_NACK_METHOD, nack);
      amqp_basic_ack_t ack{};
      ack.delivery_tag = 2;
      ack.multiple = 1;
      peer.send(AMQP_BASIC_ACK_METHOD, ack);
      peer.end();
    }});
    make(broker);
    results = write();
    scheduler_.run(sink_->close());
  }
  ASSERT_EQ(results.size(), 3U);
  EXPECT_TRUE(results[0]);
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().fault, Fault::transient);
  EXPECT_THAT(results[1].error().message,
              HasSubstr("no queue takes what goes to exchange 'out' with routing key 'k'"));
  ASSERT_FALSE(results[2]);
  EXPECT_EQ(results[2].error().fault, Fault::transient);
}

TEST_F(AmqpSinkTest, WhatWasNotConfirmedWhenTheConnectionEndsIsPutOffAndWrittenOnTheNext) {
  std::vector<Result<>> lost, written;
  {
    const BrokerStandIn broker({[](Peer& peer) {
                                  begin(peer);
                                  take(peer, 3);
                                  amqp_basic_ack_t ack{};
                                  ack.delivery_tag = 2;
                                  peer.send(AMQP_BASIC_ACK_METHOD, ack);
                                  amqp_connection_close_t closed{};
                                  closed.reply_code = 320;
                                  closed.reply_text = bytes_of("CONNECTION_FORCED");
                                  peer.send(AMQP_CONNECTION_CLOSE_METHOD, closed, 0);
                                },
                                confirm_all});
    make(broker);
    lost = write();
    written = write();
    scheduler_.run(sink_->close());
  }
  ASSERT_EQ(lost.size(), 3U);
  EXPECT_EQ(lost[0].error().fault, Fault::unavailable);
  EXPECT_TRUE(lost[1]);
  EXPECT_THAT(lost[2].error().message, HasSubstr("320 CONNECTION_FORCED"));
  for (const auto& result : written) EXPECT_TRUE(result);
}

TEST_F(AmqpSinkTest, WhatNoQueueTakesWaitsForReadersThatHaveLostTheirConnectionToo) {
  std::vector<Result<>> lost, returned;
  {
    const BrokerStandIn broker({[](Peer& peer) {
                                  begin(peer);
                                  take(peer, 3);
                                },
                                [](Peer& peer) {
                                  begin(peer);
                                  take(peer, 3);
                                  give_back(peer, id(0));
                                  ack_all(peer);
                                }});
    make(broker);
    lost = write();
    returned = write();
    scheduler_.run(sink_->close());
  }
  ASSERT_EQ(lost.size(), 3U);
  for (const auto& result : lost) EXPECT_FALSE(result);
  ASSERT_EQ(returned.size(), 3U);
  ASSERT_FALSE(returned[0]);
  EXPECT_EQ(returned[0].error().fault, Fault::unavailable);
  EXPECT_THAT(returned[0].error().message, HasSubstr("312 NO_ROUTE"));
  EXPECT_TRUE(returned[1] && returned[2]);
}

TEST_F(AmqpSinkTest, ABrokerThatFallsSilentIsGoneAfterTwoHeartbeatsLongBeforeAConfirmationIsLate) {
  std::vector<Result<>> lost, written;
  {
    const BrokerStandIn broker({[](Peer& peer) {
                                  begin(peer, 1);
                                  take(peer, 3);
                                  EXPECT_GT(peer.beats_until_gone(), 0);
                                },
                                confirm_all});
    make(broker);
    lost = write();
    written = write();
    scheduler_.run(sink_->close());
  }
  ASSERT_EQ(lost.size(), 3U);
  for (const auto& result : lost) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::unavailable);
    EXPECT_THAT(result.error().message, HasSubstr("there was no sign of life for 2 s"));
  }
  for (const auto& result : written) EXPECT_TRUE(result);
}

TEST_F(AmqpSinkTest, WhatAmqpCannotCarryIsRefusedAlone) {
  const std::string name(300, 'n');
  const Attribute header{name, "v"};
  effects_[0].metadata = {&header, 1};
  const std::string key(256, 'k');
  effects_[1].key = key;
  std::vector<Result<>> results;
  {
    const BrokerStandIn broker({[](Peer& peer) {
      begin(peer);
      take(peer, 1);
      amqp_basic_ack_t ack{};
      ack.delivery_tag = 1;
      peer.send(AMQP_BASIC_ACK_METHOD, ack);
      peer.end();
    }});
    make(broker);
    results = write();
    scheduler_.run(sink_->close());
  }
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].error().fault, Fault::bad_event);
  EXPECT_EQ(results[1].error().fault, Fault::bad_event);
  EXPECT_THAT(results[1].error().message, HasSubstr("255 bytes"));
  EXPECT_TRUE(results[2]);
}

}  // namespace
}  // namespace tidemill::amqp

#include "amqp_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "amqp_fixture.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill::amqp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Credit credit{.events = 10, .bytes = 1 << 20, .alone = true};

class AmqpSourceTest : public ::testing::Test {
 protected:
  void make(const BrokerStandIn& broker) { make({broker.host}); }
  void make(std::vector<std::string> hosts) {
    SourceConfig config;
    config.hosts = std::move(hosts);
    config.queue = "jobs";
    config.auth = {AuthMechanism::plain, "tide", {"hush"}};
    Services services{scheduler_, log_, "/nowhere"};
    services.pipeline = "line";
    auto made = AmqpSource::make(config, services);
    ASSERT_TRUE(made);
    source_ = std::move(*made);
  }
  Result<> open() { return scheduler_.run(source_->open(testing::MapProgress())); }
  /// Until so many have come in all.
  void poll(std::size_t count) {
    while (events_.size() < count) {
      const auto end = scheduler_.run(source_->poll(credit, events_));
      ASSERT_TRUE(end) << end.error().message;
    }
  }
  void settle(std::initializer_list<std::size_t> indices) {
    std::vector<Settled> settled;
    for (const std::size_t i : indices)
      settled.push_back({events_[i].partition, events_[i].offset, {}, {}});
    EXPECT_TRUE(scheduler_.run(source_->settle(settled)));
  }
  void close() {
    source_->interrupt();
    scheduler_.run(source_->close());
  }

  testing::RealScheduler scheduler_;
  testing::RecordingLog log_;
  std::unique_ptr<Source> source_;
  std::vector<Event> events_;
};

// From the look at the queue on.
void begin_consuming(Peer& peer, int* prefetch = nullptr) {
  peer.show_queue(3);
  const auto qos = peer.read<amqp_basic_qos_t>(AMQP_BASIC_QOS_METHOD);
  if (prefetch != nullptr) *prefetch = qos.prefetch_count;
  peer.send(AMQP_BASIC_QOS_OK_METHOD, amqp_basic_qos_ok_t{});
  peer.expect(AMQP_BASIC_CONSUME_METHOD);
  amqp_basic_consume_ok_t fields{};
  fields.consumer_tag = bytes_of("tidemill");
  peer.send(AMQP_BASIC_CONSUME_OK_METHOD, fields);
}

void begin_reading(Peer& peer, int* prefetch = nullptr) {
  peer.shake_hands();
  begin_consuming(peer, prefetch);
}

void end_reading(Peer& peer) {
  peer.expect(AMQP_BASIC_CANCEL_METHOD);
  peer.end();
}

TEST_F(AmqpSourceTest, WhatIsSettledIsAcknowledgedAndNothingElse) {
  int prefetch = 0;
  std::vector<std::pair<std::uint64_t, bool>> acks;
  {
    const BrokerStandIn broker({[&](Peer& peer) {
      begin_reading(peer, &prefetch);
      for (std::uint64_t tag = 1; tag <= 4; ++tag) peer.deliver(tag, "m" + std::to_string(tag));
      for (int i = 0; i < 2; ++i) {
        const auto ack = peer.read<amqp_basic_ack_t>(AMQP_BASIC_ACK_METHOD);
        acks.emplace_back(ack.delivery_tag, ack.multiple != 0);
      }
      peer.expect(AMQP_BASIC_CANCEL_METHOD);
      peer.end();
    }});
    make(broker);
    ASSERT_TRUE(open());
    EXPECT_EQ(source_->lag(), 3U);
    poll(4);
    settle({1, 0, 3});
    close();
  }
  EXPECT_EQ(prefetch, 20);
  EXPECT_EQ(events_[2].id, "m3");
  EXPECT_EQ(acks, (std::vector<std::pair<std::uint64_t, bool>>{{2, true}, {4, false}}));
}

TEST_F(AmqpSourceTest, WhatWasNotHandedOverGoesBackAtOnceWhenTheEngineStops) {
  std::uint64_t given_back = 0;
  {
    const BrokerStandIn broker({[&](Peer& peer) {
      begin_reading(peer);
      const std::string large(100'000, 'x');
      for (std::uint64_t tag = 1; tag <= 3; ++tag) peer.deliver(tag, "m", large);
      peer.expect(AMQP_BASIC_CANCEL_METHOD);
      const auto reject = peer.read<amqp_basic_reject_t>(AMQP_BASIC_REJECT_METHOD);
      EXPECT_NE(reject.requeue, 0);
      given_back = reject.delivery_tag;
      peer.end();
    }});
    make(broker);
    ASSERT_TRUE(open());
    const Credit one{.events = 1, .bytes = 1 << 20, .alone = true};
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(scheduler_.run(source_->poll(one, events_)));
    // There is no room for the third, which ends a poll once it has come.
    const Credit none{.events = 1, .bytes = 1, .alone = false};
    ASSERT_TRUE(scheduler_.run(source_->poll(none, events_)));
    ASSERT_EQ(events_.size(), 2U);
    close();
  }
  EXPECT_EQ(given_back, 3U);
}

TEST_F(AmqpSourceTest, AnotherConnectionIsNotToldOfWhatCameOnTheLast) {
  {
    const BrokerStandIn broker({[](Peer& peer) {
                                  begin_reading(peer);
                                  peer.deliver(1, "a");
                                  peer.deliver(2, "b");
                                },
                                [](Peer& peer) {
                                  begin_reading(peer);
                                  peer.deliver(1, "c");
                                  const auto ack =
                                      peer.read<amqp_basic_ack_t>(AMQP_BASIC_ACK_METHOD);
                                  EXPECT_EQ(ack.delivery_tag, 1U);
                                  peer.expect(AMQP_BASIC_CANCEL_METHOD);
                                  peer.end();
                                }});
    make(broker);
    ASSERT_TRUE(open());
    // Some may be lost with the connection; they would come again.
    while (events_.empty() || events_.back().id != "c") poll(events_.size() + 1);
    std::vector<Settled> settled;
    for (const Event& event : events_) settled.push_back({event.partition, event.offset, {}, {}});
    EXPECT_TRUE(scheduler_.run(source_->settle(settled)));
    close();
  }
  EXPECT_TRUE(log_.says("cannot read from"));
}

TEST_F(AmqpSourceTest, ABrokerThatFallsSilentIsGoneAfterTwoOfTheHeartbeatsAgreedUpon) {
  int beats = 0;
  {
    const BrokerStandIn broker({[&](Peer& peer) {
                                  peer.shake_hands(1);
                                  EXPECT_EQ(peer.heartbeat, 1);
                                  begin_consuming(peer);
                                  peer.deliver(1, "a");
                                  beats = peer.beats_until_gone();
                                },
                                [](Peer& peer) {
                                  begin_reading(peer);
                                  EXPECT_EQ(peer.heartbeat, 30);
                                  peer.deliver(1, "b");
                                  end_reading(peer);
                                }});
    make(broker);
    ASSERT_TRUE(open());
    poll(2);
    close();
  }
  EXPECT_EQ(events_[1].id, "b");
  EXPECT_GT(beats, 0);
  EXPECT_TRUE(log_.says("there was no sign of life for 2 s"));
}

TEST_F(AmqpSourceTest, AConsumerThatTheBrokerCancelsIsBegunAgainOnceThereIsAQueue) {
  {
    const BrokerStandIn broker({[](Peer& peer) {
                                  begin_reading(peer);
                                  peer.deliver(1, "a");
                                  amqp_basic_cancel_t fields{};
                                  fields.consumer_tag = bytes_of("tidemill");
                                  peer.send(AMQP_BASIC_CANCEL_METHOD, fields);
                                  peer.beats_until_gone();
                                },
                                [](Peer& peer) {
                                  peer.shake_hands();
                                  peer.expect(AMQP_QUEUE_DECLARE_METHOD);
                                  amqp_channel_close_t fields{};
                                  fields.reply_code = 404;
                                  fields.reply_text =
                                      bytes_of("NOT_FOUND - no queue 'jobs' in vhost '/'");
                                  peer.send(AMQP_CHANNEL_CLOSE_METHOD, fields);
                                },
                                [](Peer& peer) {
                                  begin_reading(peer);
                                  peer.deliver(1, "b");
                                  end_reading(peer);
                                }});
    make(broker);
    ASSERT_TRUE(open());
    while (events_.empty() || events_.back().id != "b") poll(events_.size() + 1);
    EXPECT_EQ(source_->trouble(), "");
    close();
  }
  EXPECT_TRUE(log_.says("the broker has ended the reading of queue jobs"));
  EXPECT_TRUE(log_.says("404 NOT_FOUND - no queue 'jobs' in vhost '/'; it is tried again"));
}

TEST_F(AmqpSourceTest, AfterALossTheNextHostIsTriedBeforeTheOneThatWasLost) {
  {
    const BrokerStandIn first({[](Peer& peer) {
                                 begin_reading(peer);
                                 peer.deliver(1, "a");
                               },
                               [](Peer&) { ADD_FAILURE() << "the host that was lost is tried"; }});
    const BrokerStandIn second({[](Peer& peer) {
      begin_reading(peer);
      peer.deliver(1, "b");
      end_reading(peer);
    }});
    make({first.host, second.host});
    ASSERT_TRUE(open());
    while (events_.empty() || events_.back().id != "b") poll(events_.size() + 1);
    EXPECT_EQ(events_.back().source, "amqp://" + first.host + "/%2F/jobs");
    close();
  }
}

TEST_F(AmqpSourceTest, AQueueThatIsNotThereStopsTheStartWithTheBrokersSentence) {
  const BrokerStandIn broker({[](Peer& peer) {
    peer.shake_hands();
    EXPECT_EQ(peer.login, std::string("\0tide\0hush", 10));
    peer.expect(AMQP_QUEUE_DECLARE_METHOD);
    amqp_channel_close_t fields{};
    fields.reply_code = 404;
    fields.reply_text = bytes_of("NOT_FOUND - no queue 'jobs' in vhost '/'");
    peer.send(AMQP_CHANNEL_CLOSE_METHOD, fields);
  }});
  make(broker);

  const auto opened = open();

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("404 NOT_FOUND - no queue 'jobs' in vhost '/'"));
  EXPECT_THAT(opened.error().message, Not(HasSubstr("hush")));
  close();
}

TEST_F(AmqpSourceTest, AServerThatSpeaksSomethingElseIsSaidToBeNone) {
  const BrokerStandIn broker(
      {[](Peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"); }});
  make(broker);

  const auto opened = open();

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::unavailable);
  EXPECT_THAT(opened.error().message, HasSubstr("does not speak AMQP 0-9-1"));
  close();
}

}  // namespace
}  // namespace tidemill::amqp

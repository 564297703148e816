#include "client_properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::kafka {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ClientPropertiesTest : public ::testing::Test {
 protected:
  std::string get(const char* name) {
    auto made = consumer_properties(config_, services_, index_);
    if (!made) return made.error().message;
    std::string value(256, '\0');
    std::size_t size = value.size();
    if (rd_kafka_conf_get(made->get(), name, value.data(), &size) != RD_KAFKA_CONF_OK)
      return "none";
    value.resize(size - 1);
    return value;
  }
  std::string refusal() { return consumer_properties(config_, services_, 0).error().message; }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  Services services_{scheduler_, log_, "/nowhere"};
  SourceConfig config_ = [] {
    SourceConfig config;
    config.brokers = {"a:1", "b:2"};
    config.topic = "t";
    config.group = "g";
    return config;
  }();
  std::uint32_t index_ = 0;
};

TEST_F(ClientPropertiesTest, OptionsBecomePropertiesOfTheLibrary) {
  EXPECT_EQ(get("bootstrap.servers"), "a:1,b:2");
  EXPECT_EQ(get("group.id"), "g");
  EXPECT_EQ(get("enable.auto.commit"), "false");
  EXPECT_EQ(get("security.protocol"), "plaintext");
}

TEST_F(ClientPropertiesTest, EachStaticMemberHasItsOwnName) {
  config_.instance_id = "one";
  EXPECT_EQ(get("group.instance.id"), "one");
  config_.consumers = 2;
  index_ = 1;
  EXPECT_EQ(get("group.instance.id"), "one-1");
}

TEST_F(ClientPropertiesTest, AMemberIsStaticByItsDataFolderUnlessItsNameIsEmpty) {
  EXPECT_EQ(get("group.instance.id"), "none");
  services_.engine_id = "1234";
  services_.pipeline = "clicks";
  EXPECT_EQ(get("group.instance.id"), "tidemill-1234-clicks");
  config_.instance_id = "";
  EXPECT_EQ(get("group.instance.id"), "none");
}

TEST_F(ClientPropertiesTest, ABufferIsAShareOfTheEnginesMemoryUnlessItIsGiven) {
  EXPECT_EQ(get("queued.max.messages.kbytes"), "16384") << "nobody said how much memory there is";
  services_.memory_bytes = 64u << 20;
  EXPECT_EQ(get("queued.max.messages.kbytes"), "8192");
  config_.consumers = 4;
  EXPECT_EQ(get("queued.max.messages.kbytes"), "2048");
  services_.memory_bytes = 1u << 20;
  EXPECT_EQ(get("queued.max.messages.kbytes"), "1024") << "one request has room";
  config_.buffer = ByteSize{32u << 20};
  EXPECT_EQ(get("queued.max.messages.kbytes"), "32768");
}

TEST_F(ClientPropertiesTest, TlsAndLoginMakeTheProtocol) {
  config_.tls.enabled = true;
  EXPECT_EQ(get("security.protocol"), "ssl");
  config_.auth = {AuthMechanism::scram_sha_512, "tide", {"mill"}};
  EXPECT_EQ(get("security.protocol"), "sasl_ssl");
  EXPECT_EQ(get("sasl.mechanism"), "SCRAM-SHA-512");
  config_.tls.enabled = false;
  EXPECT_EQ(get("security.protocol"), "sasl_plaintext");
}

TEST_F(ClientPropertiesTest, FurtherPropertiesAreCheckedByName) {
  config_.properties = {"session.timeout.ms=7000"};
  EXPECT_EQ(get("session.timeout.ms"), "7000");
  config_.properties = {"sesion.timeout.ms=7000"};
  EXPECT_THAT(refusal(), HasSubstr("sesion.timeout.ms"));
  config_.properties = {"session.timeout.ms=soon"};
  EXPECT_THAT(refusal(), HasSubstr("session.timeout.ms"));
  config_.properties = {"session.timeout.ms"};
  EXPECT_THAT(refusal(), HasSubstr("expected NAME=VALUE"));
}

TEST_F(ClientPropertiesTest, WhatTheEngineDecidesIsRefusedWithTheReason) {
  config_.properties = {"enable.auto.commit=true"};
  EXPECT_THAT(refusal(),
              HasSubstr("enable.auto.commit is not yours to set: offsets are committed"));
  config_.properties = {"sasl.password=hush"};
  EXPECT_THAT(refusal(), HasSubstr("write it as `auth.password`"));
  EXPECT_THAT(refusal(), Not(HasSubstr("hush")));
  config_.properties = {"ssl.keystore.password=hush"};
  EXPECT_THAT(refusal(), HasSubstr("holds a secret"));
  EXPECT_THAT(refusal(), Not(HasSubstr("hush")));
}

TEST_F(ClientPropertiesTest, AProducerNeverRepeatsByItself) {
  SinkConfig config;
  config.brokers = {"a:1"};
  config.topic = "t";
  config.properties = {"enable.idempotence=false"};
  EXPECT_THAT(producer_properties(config).error().message, HasSubstr("second record"));
  config.properties = {"linger.ms=20"};
  EXPECT_TRUE(producer_properties(config));
}

}  // namespace
}  // namespace tidemill::kafka

#include "endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::amqp {
namespace {

TEST(Endpoint, APortThatIsNotGivenIsTheProtocols) {
  EXPECT_EQ(parse_endpoint("rabbit", false)->text(), "rabbit:5672");
  EXPECT_EQ(parse_endpoint("rabbit", true)->text(), "rabbit:5671");
  EXPECT_EQ(parse_endpoint("rabbit:99", true)->port, 99);
}

TEST(Endpoint, AnAddressOfIpv6HasBrackets) {
  const auto endpoint = parse_endpoint("[::1]:5673", false);

  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->host, "::1");
  EXPECT_EQ(endpoint->text(), "[::1]:5673");
}

TEST(Endpoint, WhatIsNoneIsRefused) {
  for (const char* text : {"", ":5672", "rabbit:", "rabbit:0", "rabbit:70000", "rabbit:x", "[::1",
                           "[::1]x", "amqp://rabbit:5672", "a b:1"})
    EXPECT_FALSE(parse_endpoint(text, false)) << text;
}

TEST(Endpoint, ALoginInItIsNotRepeated) {
  const auto endpoint = parse_endpoint("amqp://tide:hush@rabbit:5672", false);

  ASSERT_FALSE(endpoint);
  EXPECT_THAT(endpoint.error().message, ::testing::HasSubstr("auth"));
  EXPECT_THAT(endpoint.error().message, ::testing::Not(::testing::HasSubstr("hush")));
}

}  // namespace
}  // namespace tidemill::amqp

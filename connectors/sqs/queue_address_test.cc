#include "queue_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::sqs {
namespace {

using ::testing::HasSubstr;

std::optional<std::string> nothing(const std::string&) { return std::nullopt; }

TEST(QueueAddress, AUrlOfAwsSaysWhichRegionItIs) {
  QueueOptions options;
  options.url = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo";

  const auto address = address_of(options, nothing);

  ASSERT_TRUE(address);
  EXPECT_EQ(address->region, "eu-west-1");
  EXPECT_EQ(address->server.origin(), "https://sqs.eu-west-1.amazonaws.com");
  EXPECT_EQ(address->place(), "sqs:sqs.eu-west-1.amazonaws.com/123456789012/orders.fifo");
  EXPECT_TRUE(address->fifo());
}

TEST(QueueAddress, AnEndpointIsWhereRequestsGo) {
  QueueOptions options;
  options.url = "http://localhost:9324/000000000000/orders";
  options.aws.endpoint = "http://127.0.0.1:4566/";

  const auto address = address_of(options, nothing);

  ASSERT_TRUE(address);
  EXPECT_EQ(address->server.origin(), "http://127.0.0.1:4566");
  EXPECT_EQ(address->url, options.url);
  EXPECT_FALSE(address->fifo());
}

TEST(QueueAddress, ANameIsOfTheRegion) {
  QueueOptions options;
  options.queue = "orders";
  options.aws.region = "eu-north-1";

  const auto address = address_of(options, nothing);

  ASSERT_TRUE(address);
  EXPECT_EQ(address->server.origin(), "https://sqs.eu-north-1.amazonaws.com");
  EXPECT_EQ(address->url, "");
}

TEST(QueueAddress, WhatIsNoQueueIsRefused) {
  for (const char* url :
       {"https://sqs.eu-west-1.amazonaws.com", "https://host/1/a b", "s3://x/y"}) {
    QueueOptions options;
    options.url = url;
    const auto address = address_of(options, nothing);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().fault, Fault::bad_config);
    EXPECT_THAT(address.error().message, HasSubstr("url"));
  }
  QueueOptions options;
  options.queue = "no/name";
  EXPECT_FALSE(address_of(options, nothing));
}

TEST(QueueOptions, EitherUrlOrNameIsNeeded) {
  EXPECT_FALSE(queue_spec().make({}));
  EXPECT_FALSE(queue_spec().make({{"url", "http://h/1/q"}, {"queue", "q"}}));
  EXPECT_TRUE(queue_spec().make({{"queue", "q"}}));
}

}  // namespace
}  // namespace tidemill::sqs

#include "core/dispatch/destination_record.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

Event order() {
  Event event;
  event.partition = Partition(3);
  event.offset = Offset(41);
  event.source = "kafka:orders";
  event.type = "order";
  event.key = "customer-7";
  event.time = EventTime(1'700'000'000'000'000);
  event.content_type = "application/json";
  event.data = Bytes::copy(R"({"total":12})");
  return event;
}

DestinationRecord record_of(const Event& event) {
  return {.pipeline = "orders",
          .function = "check",
          .function_version = "f00d",
          .attempts = 3,
          .now = WallTime(1'700'000'001'000'000),
          .reason = {},
          .event = event};
}

TEST(DestinationRecord, ASuccessHasTheShapeOfLambdasInvocationRecord) {
  const Event event = order();

  EXPECT_EQ(destination_record(record_of(event)),
            R"({"version":"1.0","timestamp":"2023-11-14T22:13:21.000000Z","pipeline":"orders",)"
            R"("requestContext":{"requestId":"kafka:orders/3@41","functionArn":"check",)"
            R"("condition":"Success","approximateInvokeCount":3},)"
            R"("event":{"source":"kafka:orders","type":"order","subject":"","partition":3,)"
            R"("offset":41,"key":"customer-7","time":"2023-11-14T22:13:20.000000Z",)"
            R"("datacontenttype":"application/json"},)"
            R"("requestPayload":{"total":12},"responseContext":{"executedVersion":"f00d"}})");
}

TEST(DestinationRecord, AnEventIsNamedByItsOwnIdWhereItHasOne) {
  Event event = order();
  event.id = "9f3";
  const std::string text = destination_record(record_of(event));

  EXPECT_NE(text.find(R"("requestId":"kafka:orders#9f3")"), text.npos) << text;
  EXPECT_NE(text.find(R"("event":{"id":"9f3","source":"kafka:orders")"), text.npos) << text;
}

TEST(DestinationRecord, AFailureSaysWhy) {
  const Event event = order();
  DestinationRecord record = record_of(event);
  record.condition = Condition::retries_exhausted;
  record.reason = "said \"no\"";
  const std::string text = destination_record(record);

  EXPECT_NE(text.find(R"("condition":"RetriesExhausted")"), text.npos) << text;
  EXPECT_NE(text.find(R"("functionError":"Unhandled")"), text.npos) << text;
  EXPECT_NE(text.find(R"("errorMessage":"said \"no\"")"), text.npos) << text;
}

TEST(DestinationRecord, AnEventThatGrewTooOldIsToldApart) {
  const Event event = order();
  DestinationRecord record = record_of(event);
  record.condition = Condition::event_age_exceeded;
  record.reason = "is older than max_age";
  const std::string text = destination_record(record);

  EXPECT_NE(text.find(R"("condition":"EventAgeExceeded")"), text.npos) << text;
}

TEST(DestinationRecord, IsOneLineWhateverThePayload) {
  Event event = order();
  for (const std::string_view data : {"{\n\"a\": 1}", "two\nlines", "\xFF\n"}) {
    event.data = Bytes::copy(data);
    const std::string text = destination_record(record_of(event));
    EXPECT_EQ(text.find('\n'), text.npos) << text;
  }
}

}  // namespace
}  // namespace tidemill

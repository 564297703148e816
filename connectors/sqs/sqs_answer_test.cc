#include "sqs_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::sqs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;
using ::testing::SizeIs;

TEST(SqsAnswer, MessagesComeWithTheirAttributes) {
  const auto messages = parse_messages(
      R"({"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"b","MD5OfBody":"x",)"
      R"("Attributes":{"SentTimestamp":"12"},"MessageAttributes":{)"
      R"("n":{"DataType":"Number.int","StringValue":"7"},)"
      R"("b":{"DataType":"Binary.png","BinaryValue":"aGk="}}}]})");

  ASSERT_THAT(messages, Optional(SizeIs(1)));
  EXPECT_EQ((*messages)[0].body, "b");
  EXPECT_THAT((*messages)[0].system, ElementsAre(Pair("SentTimestamp", "12")));
  EXPECT_THAT((*messages)[0].attributes, ElementsAre(Pair("n", "7"), Pair("b", "aGk=")));
}

TEST(SqsAnswer, AnEmptyQueueAnswersNothing) {
  EXPECT_THAT(parse_messages("{}"), Optional(IsEmpty()));
  EXPECT_THAT(parse_messages(R"({"Messages":null})"), Optional(IsEmpty()));
}

TEST(SqsAnswer, WhatIsNoAnswerIsNone) {
  for (const char* text : {"", "[]", "<xml/>", R"({"Messages":7})", R"({"Messages":[{}]})"})
    EXPECT_EQ(parse_messages(text), std::nullopt) << text;
  EXPECT_EQ(parse_batch("nonsense", 1), std::nullopt);
  EXPECT_EQ(parse_counts("{}"), std::nullopt);
  EXPECT_EQ(parse_queue_url("[]"), "");
}

TEST(SqsAnswer, EachEntryOfABatchHasAnAnswerOfItsOwn) {
  const auto answers =
      parse_batch(R"({"Successful":[{"Id":"2"},{"Id":"77"}],)"
                  R"("Failed":[{"Id":"0","Code":"C","Message":"M","SenderFault":true}]})",
                  3);

  ASSERT_THAT(answers, Optional(SizeIs(3)));
  EXPECT_TRUE((*answers)[0].answered && !(*answers)[0].done && (*answers)[0].senders_fault);
  EXPECT_EQ((*answers)[0].code, "C");
  EXPECT_FALSE((*answers)[1].answered);
  EXPECT_TRUE((*answers)[2].done);
}

}  // namespace
}  // namespace tidemill::sqs

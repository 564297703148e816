#include "core/invoke/batch_item_failures.h"

#include <gmock/gmock.h>

#include <string>

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<ItemId> three = {{"a"}, {"b"}, {"7"}};
const std::vector<ItemId> kafka = {
    {"", "orders-0", 40}, {"", "orders-0", 41}, {"", "orders-1", 41}};

void expect_success(std::string_view body) {
  const auto failures = batch_item_failures(body, three);
  ASSERT_TRUE(failures.has_value()) << body << ": " << failures.error().message;
  EXPECT_THAT(*failures, IsEmpty()) << body;
}

void expect_whole_batch(std::string_view body, const std::vector<ItemId>& batch,
                        std::string_view reason) {
  const auto failures = batch_item_failures(body, batch);
  ASSERT_FALSE(failures.has_value()) << body;
  EXPECT_EQ(failures.error().fault, Fault::transient);
  EXPECT_THAT(failures.error().message, HasSubstr(reason)) << body;
}

std::string listing(std::string_view items) {
  return R"({"batchItemFailures":[)" + std::string(items) + "]}";
}

TEST(BatchItemFailures, AnAnswerThatIsEmptyInOneWayOrAnotherIsSuccess) {
  for (const std::string_view body : {"", " \n", "null", R"("")", "[]", "{}"}) expect_success(body);
}

TEST(BatchItemFailures, AnEmptyListOrNoneIsSuccess) {
  for (const std::string_view body :
       {R"({"batchItemFailures":[]})", R"({"batchItemFailures":null})", R"({"status":"done"})"})
    expect_success(body);
}

TEST(BatchItemFailures, ListedEventsFailAndNoOthers) {
  const auto failures = batch_item_failures(
      listing(R"({"itemIdentifier":"7"},{"itemIdentifier":"a"},{"itemIdentifier":"7"})"), three);

  ASSERT_TRUE(failures.has_value());
  EXPECT_THAT(*failures, ElementsAre(0, 2)) << "ascending, each once";
}

TEST(BatchItemFailures, EventsThatShareAnIdFailTogether) {
  const std::vector<ItemId> twins = {{"a"}, {"b"}, {"a"}};

  EXPECT_THAT(batch_item_failures(listing(R"({"itemIdentifier":"a"})"), twins).value(),
              ElementsAre(0, 2));
}

TEST(BatchItemFailures, AnItemWithoutAnIdentifierFailsTheWholeBatch) {
  for (const std::string_view item :
       {R"({"itemIdentifier":""})", R"({"itemIdentifier":null})", R"({"foo":"a"})", R"({})",
        R"("a")", "null", R"({"itemIdentifier":["a"]})", R"({"itemIdentifier":true})"})
    expect_whole_batch(listing(R"({"itemIdentifier":"a"},)" + std::string(item)), three,
                       "has no itemIdentifier");
}

TEST(BatchItemFailures, AnIdThatIsNotInTheBatchFailsTheWholeBatch) {
  expect_whole_batch(listing(R"({"itemIdentifier":"z"})"), three, R"(not in the batch: {"item)");
  expect_whole_batch(listing(R"({"itemIdentifier":"a"},{"itemIdentifier":"A"})"), three,
                     "not in the batch");
}

TEST(BatchItemFailures, ANumberIsNoIdEvenWithTheDigitsOfOne) {
  expect_whole_batch(listing(R"({"itemIdentifier":7})"), three, "has no itemIdentifier");
}

TEST(BatchItemFailures, WhatIsNoJsonOrOfAnotherShapeFailsTheWholeBatch) {
  expect_whole_batch("done", three, "not JSON");
  expect_whole_batch("{\"batchItemFailures\":[", three, "not JSON");
  expect_whole_batch("{} {}", three, "not JSON");
  for (const std::string_view body : {"7", "true", R"("ok")", "[1]"})
    expect_whole_batch(body, three, "not an object");
  expect_whole_batch(R"({"batchItemFailures":{"itemIdentifier":"a"}})", three, "not a list");
  expect_whole_batch(R"({"batchItemFailures":""})", three, "not a list");
}

TEST(BatchItemFailures, NestingWithoutEndIsAnAnswerThatCannotBeRead) {
  expect_whole_batch(std::string(100'000, '['), three, "not JSON");
}

TEST(BatchItemFailures, KafkasEventsAreNamedByPartitionAndOffset) {
  for (const std::string_view key : {"partition", "topic-partition"}) {
    const std::string item =
        R"({"itemIdentifier":{")" + std::string(key) + R"(":"orders-0","offset":41}})";
    EXPECT_THAT(batch_item_failures(listing(item), kafka).value(), ElementsAre(1)) << key;
  }
}

TEST(BatchItemFailures, APlaceThatIsNotInTheBatchFailsTheWholeBatch) {
  expect_whole_batch(listing(R"({"itemIdentifier":{"partition":"orders-1","offset":40}})"), kafka,
                     "not in the batch");
  expect_whole_batch(listing(R"({"itemIdentifier":"orders-0"})"), kafka, "not in the batch");
}

TEST(BatchItemFailures, APlaceThatIsIncompleteFailsTheWholeBatch) {
  for (const std::string_view place :
       {R"({})", R"({"partition":"orders-0"})", R"({"offset":41})",
        R"({"partition":"","offset":41})", R"({"partition":0,"offset":41})",
        R"({"partition":"orders-0","offset":"41"})", R"({"partition":"orders-0","offset":-1})",
        R"({"partition":"orders-0","offset":41.5})"})
    expect_whole_batch(listing(R"({"itemIdentifier":)" + std::string(place) + "}"), kafka,
                       "has no itemIdentifier");
}

}  // namespace
}  // namespace tidemill

#include "bulk_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::search {
namespace {

// As OpenSearch 2.19 gives it.
constexpr std::string_view mixed = R"json({"errors":true,"items":[
  {"index":{"status":201}},
  {"index":{"status":400,"error":{"type":"mapper_parsing_exception",
     "reason":"failed to parse field [n] of type [long] in document with id 'b'",
     "caused_by":{"reason":"For input string: \"abc\""}}}},
  {"create":{"status":409,"error":{"type":"version_conflict_engine_exception",
     "reason":"[a]: version conflict, document already exists (current version [1])"}}},
  {"delete":{"status":404}}]})json";

TEST(BulkAnswer, SaysWhatBecameOfEachItem) {
  const auto answers = parse_bulk_answer(mixed);

  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 4);
  EXPECT_TRUE((*answers)[0].done());
  EXPECT_EQ((*answers)[1].status, 400);
  EXPECT_EQ((*answers)[1].type, "mapper_parsing_exception");
  EXPECT_EQ(
      (*answers)[1].reason,
      "mapper_parsing_exception: failed to parse field [n] of type [long] in document with id "
      "'b' (For input string: \"abc\")");
  EXPECT_EQ((*answers)[2].status, 409);
  EXPECT_EQ((*answers)[3].status, 404);
  EXPECT_EQ((*answers)[3].reason, "");
}

TEST(BulkAnswer, WhatIsOfAnotherShapeIsNone) {
  for (const auto* body :
       {"", "null", "[]", "{}", R"({"items": {}})", R"({"items": [1]})", R"({"items": [{}]})",
        R"({"items": [{"index": 1}]})", R"({"items": [{"index": {"status": "201"}}]})",
        R"({"items": [{"index": {"status": 99}}]})", R"({"items": [{"index": {"status": -1}}]})",
        R"({"items": [{"index": {"status": 201}, "create": {"status": 201}}]})",
        R"({"items": [{"index": {"status": 201}})"})
    EXPECT_FALSE(parse_bulk_answer(body)) << body;
}

TEST(BulkAnswer, AReasonHasAnEnd) {
  // Two bytes each, so that the end would fall into one.
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "é";
  const auto answers = parse_bulk_answer(R"({"items": [{"index": {"status": 400, "error":
      {"type": "t", "reason": ")" + many +
                                         R"("}}}]})");

  ASSERT_TRUE(answers);
  const std::string& reason = answers->front().reason;
  EXPECT_LT(reason.size(), 1010);
  EXPECT_TRUE(reason.ends_with("é..."));
}

TEST(BulkAnswer, ARefusalIsToldInTheServersWords) {
  EXPECT_EQ(parse_refusal(R"({"error": {"type": "t", "reason": "r"}, "status": 400})"), "t: r");
  EXPECT_EQ(parse_refusal(R"({"error": {"type": "t"}})"), "t");
  EXPECT_EQ(parse_refusal(R"({"error": "plain"})"), "plain");
  EXPECT_EQ(parse_refusal("<html>"), "");
  EXPECT_EQ(parse_refusal(R"({"message": "x"})"), "");
}

}  // namespace
}  // namespace tidemill::search

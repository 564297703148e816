// Fields within the objects of an array.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/pattern/testing/matching.h"

namespace tidemill::pattern {
namespace {

using ::testing::ElementsAre;
using testing::match_json;
using testing::matches;
using testing::set_of;

TEST(PatternArrays, FieldsOfOnePatternAreFoundInOneElement) {
  const std::string pattern = R"({"d": {"k": ["v"], "n": [1]}})";
  EXPECT_FALSE(matches(pattern, R"({"d": [{"k": "v", "n": 2}, {"k": "w", "n": 1}]})"));
  EXPECT_TRUE(matches(pattern, R"({"d": [{"k": "w", "n": 1}, {"k": "v", "n": [2, 1]}]})"));
  // Different patterns have nothing to do with each other.
  const PatternSet set = set_of({R"({"d": {"k": ["v"]}})", R"({"d": {"n": [1]}})"});
  EXPECT_THAT(match_json(set, R"({"d": [{"k": "v", "n": 2}, {"k": "w", "n": 1}]})"),
              ElementsAre(0, 1));
}

TEST(PatternArrays, ElementsMayNest) {
  const std::string pattern = R"({"a": {"k": ["x"], "b": {"m": [1], "n": [2]}}})";
  EXPECT_TRUE(matches(pattern, R"({"a": [{"k": "x", "b": [{"m": 1}, {"m": 1, "n": 2}]}]})"));
  EXPECT_FALSE(matches(pattern, R"({"a": [{"k": "x", "b": [{"m": 1}, {"n": 2}]}]})"));
  EXPECT_FALSE(matches(
      pattern, R"({"a": [{"k": "x", "b": [{"m": 1}]}, {"k": "y", "b": [{"m": 1, "n": 2}]}]})"));
  EXPECT_TRUE(matches(pattern, R"({"a": [[{"k": "x", "b": {"m": 1, "n": 2}}]]})"));
}

TEST(PatternArrays, DifferentArraysDoNotBindEachOther) {
  EXPECT_TRUE(matches(R"({"a": {"x": [1]}, "b": {"y": [2]}})",
                      R"({"a": [{"x": 0}, {"x": 1}], "b": [{"y": 2}, {"y": 3}]})"));
}

TEST(PatternArrays, WhatIsAbsentIsAbsentFromTheElementThatWasFound) {
  const std::string pattern = R"({"a": {"x": [1], "y": [{"exists": false}]}})";
  EXPECT_TRUE(matches(pattern, R"({"a": [{"x": 1}, {"x": 2, "y": 3}]})"));
  EXPECT_FALSE(matches(pattern, R"({"a": [{"x": 1, "y": 3}, {"x": 2}]})"));
  // It is looked for in what was found before it, in the order of names: here, everywhere.
  EXPECT_FALSE(matches(R"({"a": {"y": [1], "x": [{"exists": false}]}})",
                       R"({"a": [{"y": 1}, {"y": 2, "x": 3}]})"));
}

TEST(PatternArrays, PatternsOfManyFieldsHoldTogetherAsWell) {
  std::string fields;
  std::string right;
  for (int i = 0; i < 80; ++i) {
    const std::string name = "\"f" + std::to_string(i) + "\"";
    fields += (i == 0 ? "" : ", ") + name + ": [1]";
    right += (i == 0 ? "" : ", ") + name + ": 1";
  }
  const std::string pattern = "{\"a\": {" + fields + "}}";
  EXPECT_TRUE(matches(pattern, "{\"a\": [{\"f0\": 1}, {" + right + "}]}"));
  EXPECT_FALSE(matches(pattern, "{\"a\": [{\"f0\": 1}, {" + right.substr(9) + "}]}"));
}

// Arrays that match in a thousand ways each must not multiply.
TEST(PatternArrays, OneArrayDoesNotMultiplyTheWorkForAnother) {
  std::string elements;
  for (int i = 0; i < 1000; ++i) elements += (i == 0 ? "" : ",") + std::string(R"({"x":1,"y":1})");
  std::string event = "{";
  std::string pattern = "{";
  for (const std::string name : {"a", "b", "c", "d", "e", "f"}) {
    event += "\"" + name + "\":[" + elements + "],";
    pattern += "\"" + name + "\":{\"x\":[1],\"y\":[1]},";
  }
  event += R"("g":[{"x":1},{"y":1}]})";
  EXPECT_FALSE(matches(pattern + R"("g":{"x":[1],"y":[1]}})", event));
  EXPECT_FALSE(matches(pattern + R"("g":{"x":[1],"y":[{"exists":false},2],"z":[1]}})", event));
  EXPECT_TRUE(matches(pattern + R"("g":{"x":[1],"y":[{"exists":false}]}})", event));
}

}  // namespace
}  // namespace tidemill::pattern

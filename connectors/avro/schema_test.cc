#include "avro/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace tidemill::avro {
namespace {

using ::testing::HasSubstr;

std::string problem_of(const std::string& text) {
  const auto schema = Schema::parse(text);
  if (schema) return "none";
  EXPECT_EQ(schema.error().fault, Fault::bad_event);
  return schema.error().message;
}

TEST(AvroSchema, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(problem_of("{"), "it is no JSON");
  EXPECT_EQ(problem_of("7"), "a type is neither a name nor has one");
  EXPECT_EQ(problem_of(R"("strnig")"), R"(there is no type "strnig")");
  EXPECT_EQ(problem_of(R"({"type":"record","name":"r"})"), "a record has no fields");
  EXPECT_EQ(problem_of(R"({"type":"record","fields":[]})"), "a record, enum or fixed has no name");
  EXPECT_EQ(problem_of(R"({"type":"record","name":"r","fields":[{"name":"a"}]})"),
            "a field has no name or no type");
  EXPECT_EQ(problem_of(R"({"type":"array"})"), "an array has no items, or a map no values");
  EXPECT_EQ(problem_of(R"({"type":"fixed","name":"f","size":99999999999})"),
            "the size of a fixed is out of range");
  EXPECT_EQ(problem_of(R"([{"type":"fixed","name":"f","size":1},
                           {"type":"fixed","name":"f","size":2}])"),
            R"(there are two types "f")");
}

TEST(AvroSchema, HasBounds) {
  std::string deep = R"("int")";
  for (int i = 0; i < 70; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_THAT(problem_of(deep), HasSubstr("nested deeper than 64 levels"));
  std::string wide = "[";
  for (std::size_t i = 0; i <= Schema::parts_max; ++i) wide += R"({"type":"array","items":"int"},)";
  EXPECT_THAT(problem_of(wide + "\"int\"]"), HasSubstr("more than 20000 parts"));
}

TEST(AvroSchema, NamesTypesOfTheTextsInFrontOfIt) {
  const std::array<std::string, 2> texts{
      R"({"type":"record","name":"Place","namespace":"com.x","fields":[]})",
      R"({"type":"record","name":"Order","namespace":"com.x","fields":[
           {"name":"at","type":"Place"},{"name":"to","type":"com.x.Place"}]})"};
  const auto schema = Schema::parse(texts);
  ASSERT_TRUE(schema) << schema.error().message;
  ASSERT_EQ(schema->root().parts.size(), 2u);
  EXPECT_EQ(schema->root().parts[0], schema->root().parts[1]);
  EXPECT_EQ((*schema)[schema->root().parts[0]].type, Type::record);
}

}  // namespace
}  // namespace tidemill::avro

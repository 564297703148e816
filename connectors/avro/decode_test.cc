// Encoded values with the JSON that they are. The bytes were written by fastavro 1.13.1 from the
// value in the comment or beside it:
//
//     out = io.BytesIO()
//     fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(SCHEMA)), VALUE)
//     print(out.getvalue().hex())
#include "avro/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>

namespace tidemill::avro {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t ample = 1u << 20;

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

Result<std::string> json_of(const std::string& schema, std::string_view hex,
                            std::uint64_t room = ample) {
  auto parsed = Schema::parse(schema);
  if (!parsed) return std::unexpected(parsed.error());
  std::string json;
  if (auto done = append_json(json, *parsed, bytes_of(hex), room); !done)
    return std::unexpected(done.error());
  return json;
}

std::string why(const std::string& schema, std::string_view hex, std::uint64_t room = ample) {
  const auto json = json_of(schema, hex, room);
  if (json) return "it is " + *json;
  EXPECT_EQ(json.error().fault, Fault::bad_event);
  return json.error().message;
}

struct Vector {
  const char* schema;
  const char* hex;
  const char* json;
};

void expect_all(std::span<const Vector> vectors) {
  for (const auto& [schema, hex, json] : vectors) {
    const auto got = json_of(schema, hex);
    ASSERT_TRUE(got) << schema << ": " << got.error().message;
    EXPECT_EQ(*got, json) << schema;
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(*got).error(), simdjson::SUCCESS) << *got;
  }
}

TEST(AvroDecode, EveryTypeHasItsJson) {
  constexpr Vector vectors[] = {
      {R"("null")", "", "null"},
      {R"("boolean")", "01", "true"},
      {R"("int")", "ffffffff0f", "-2147483648"},
      {R"("long")", "feffffffffffffffff01", "9223372036854775807"},
      {R"("float")", "0000c03f", "1.5"},
      {R"("double")", "9a9999999999b93f", "0.1"},
      {R"("bytes")", "0600ff10", R"("AP8Q")"},
      {R"("string")", "106e6122c3af76650a", R"("na\"ïve\n")"},
      {R"({"type":"fixed","name":"f","size":2})", "0102", R"("AQI=")"},
      {R"({"type":"enum","name":"e","symbols":["A","B"]})", "02", R"("B")"},
      {R"({"type":"array","items":"int"})", "060201d80400", "[1,-1,300]"},
      {R"({"type":"array","items":"int"})", "00", "[]"},
      {R"({"type":"map","values":"long"})", "0402610202620400", R"({"a":1,"b":2})"},
      {R"(["null","string"])", "00", "null"},
      {R"(["null","string"])", "020278", R"("x")"},
  };
  expect_all(vectors);
}

TEST(AvroDecode, ATypeStandsWithinItselfAndByItsNameInItsNamespace) {
  constexpr Vector vectors[] = {
      // {"id": 1, "next": {"id": 2, "next": None}}
      {R"({"type":"record","name":"r","namespace":"a.b","fields":[
           {"name":"id","type":"long"},{"name":"next","type":["null","r"]}]})",
       "02020400", R"({"id":1,"next":{"id":2,"next":null}})"},
      {R"({"type":"record","name":"r","fields":[
           {"name":"x","type":{"type":"enum","name":"c.e","symbols":["ON","OFF"]}},
           {"name":"y","type":"c.e"}]})",
       "0002", R"({"x":"ON","y":"OFF"})"},
  };
  expect_all(vectors);
}

TEST(AvroDecode, DatesAndTimesAreText) {
  constexpr Vector vectors[] = {
      {R"({"type":"int","logicalType":"date"})", "88c002", R"("2026-01-31")"},
      {R"({"type":"int","logicalType":"date"})", "01", R"("1969-12-31")"},
      {R"({"type":"int","logicalType":"time-millis"})", "f4bb9929", R"("12:00:00.250")"},
      {R"({"type":"long","logicalType":"time-micros"})", "feffbadd8305", R"("23:59:59.999999")"},
      {R"({"type":"long","logicalType":"timestamp-millis"})", "f4fbe4be8267",
       R"("2026-01-31T12:00:00.250Z")"},
      // 1969-12-31T23:59:59.999999+00:00
      {R"({"type":"long","logicalType":"timestamp-micros"})", "01",
       R"("1969-12-31T23:59:59.999999Z")"},
      {R"({"type":"long","logicalType":"local-timestamp-millis"})", "f0db8fa6be63",
       R"("2024-02-29T01:02:03.000")"},
  };
  expect_all(vectors);
}

TEST(AvroDecode, AnInstantBeyondTheYearsThatHaveTextStaysANumber) {
  constexpr Vector vectors[] = {
      {R"({"type":"long","logicalType":"timestamp-millis"})", "feffffffffffffffff01",
       "9223372036854775807"},
      {R"({"type":"long","logicalType":"timestamp-micros"})", "ffffffffffffffffff01",
       "-9223372036854775808"},
      {R"({"type":"int","logicalType":"date"})", "feffffff0f", "2147483647"},
      {R"({"type":"int","logicalType":"time-millis"})", "01", "-1"},
  };
  expect_all(vectors);
}

TEST(AvroDecode, DecimalsAreExactText) {
  constexpr Vector vectors[] = {
      {R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":2})", "04fb1e",
       R"("-12.50")"},
      {R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":3})", "0205", R"("0.005")"},
      {R"({"type":"bytes","logicalType":"decimal","precision":40})",
       "2203a0c92075c0dbf3b8acbc5f96ce3f0ad2", R"("1234567890123456789012345678901234567890")"},
      {R"({"type":"fixed","name":"d","size":8,"logicalType":"decimal","precision":18,"scale":4})",
       "ffffffffffffffff", R"("-0.0001")"},
      {R"({"type":"bytes","logicalType":"decimal","precision":9,"scale":2})", "00", R"("0.00")"},
  };
  expect_all(vectors);
}

TEST(AvroDecode, WhatALogicalTypeDoesNotGoWithIsAsIfItHadNone) {
  constexpr Vector vectors[] = {
      {R"({"type":"long","logicalType":"of-tomorrow"})", "0e", "7"},
      {R"({"type":"string","logicalType":"date"})", "0278", R"("x")"},
      {R"({"type":"string","logicalType":"uuid"})", "0278", R"("x")"},
      // 12345678-1234-5678-1234-567812345678
      {R"({"type":"fixed","name":"u","size":16,"logicalType":"uuid"})",
       "12345678123456781234567812345678", R"("12345678-1234-5678-1234-567812345678")"},
  };
  expect_all(vectors);
}

TEST(AvroDecode, NumbersThatJsonLacksAreNull) {
  EXPECT_EQ(json_of(R"("double")", "000000000000f87f").value(), "null");
  EXPECT_EQ(json_of(R"("double")", "000000000000f0ff").value(), "null");
  EXPECT_EQ(json_of(R"("float")", "0000807f").value(), "null");
}

TEST(AvroDecode, BlocksMaySayTheirSize) {
  // -2 items of 2 bytes, then 1 item, then none.
  EXPECT_EQ(json_of(R"({"type":"array","items":"int"})", "03040204020600").value(), "[1,2,3]");
}

TEST(AvroDecode, BytesThatAreNotOfTheSchemaAreRefusedWithTheirPlace) {
  EXPECT_EQ(why(R"("int")", ""), "it ends too early");
  EXPECT_EQ(why(R"("int")", "0200"), "1 bytes are left over");
  EXPECT_EQ(why(R"("int")", "8080808010"), "an int has more than 32 bits");
  EXPECT_EQ(why(R"("long")", "ffffffffffffffffff02"), "a number has more than 64 bits");
  EXPECT_EQ(why(R"("string")", "01"), "a length is negative");
  EXPECT_EQ(why(R"("bytes")", "feffffffffffffffff01"), "it ends too early");
  EXPECT_EQ(why(R"("string")", "02ff"), "a string is no UTF-8");
  EXPECT_EQ(why(R"("boolean")", "02"), "a boolean is neither 0 nor 1");
  EXPECT_EQ(why(R"(["null","int"])", "04"), "a union has no branch 2");
  EXPECT_EQ(why(R"({"type":"enum","name":"e","symbols":["A"]})", "02"), "an enum has no symbol 1");
  EXPECT_EQ(why(R"({"type":"array","items":"int"})", "ffffffffffffffffff01"), "a count is wrong");
  EXPECT_EQ(why(R"({"type":"record","name":"r","fields":[{"name":"a","type":
                  {"type":"record","name":"s","fields":[{"name":"b","type":"int"}]}}]})",
                ""),
            ".a.b: it ends too early");
}

TEST(AvroDecode, FewBytesCannotBecomeWithoutEnd) {
  // 2^56 nulls.
  EXPECT_EQ(why(R"({"type":"array","items":"null"})", "80808080808080800200", 1000),
            "its JSON would be too large");
  EXPECT_THAT(why(R"({"type":"record","name":"r","fields":[{"name":"n","type":"r"}]})", ""),
              HasSubstr("nested deeper than 64 levels"));
  std::string schema = R"("null")";  // Records of two of the next, 40 levels deep.
  for (int i = 0; i < 40; ++i)
    schema = R"({"type":"record","name":"r)" + std::to_string(i) +
             R"(","fields":[{"name":"a","type":)" + schema + R"(},{"name":"b","type":)" +
             (i == 0 ? R"("null")" : "\"r" + std::to_string(i - 1) + '"') + "}]}";
  EXPECT_THAT(why(schema, "", 10'000), HasSubstr("its JSON would be too large"));
  EXPECT_EQ(why(R"({"type":"bytes","logicalType":"decimal","precision":9})",
                "8808" + std::string(2 * 516, '0')),
            "a decimal is too long");
}

TEST(AvroDecode, AMessageBeginsWithTheIdOfItsSchema) {
  const std::string message = bytes_of("000000010201");
  const auto framed = unframe(message);
  ASSERT_TRUE(framed);
  EXPECT_EQ(framed->schema, 258u);
  EXPECT_EQ(framed->value, "\x01");
  for (const std::string_view other : {"", "{\"a\":1}"}) EXPECT_FALSE(unframe(other)) << other;
  EXPECT_FALSE(unframe(bytes_of("00000001")));
}

}  // namespace
}  // namespace tidemill::avro

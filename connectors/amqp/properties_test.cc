#include "properties.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "frames.h"

namespace tidemill::amqp {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::string encoded(const amqp_basic_properties_t& properties) {
  std::string out;
  EXPECT_TRUE(append_content(out, 1, properties, "", frame_max));
  return out.substr(7 + 12, out.size() - 7 - 12 - 1);  // What is around the list.
}

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    text += static_cast<char>(value >> shift);
  return text;
}

std::string sized(char kind, const std::string& inside) {
  return kind + number(inside.size(), 4) + inside;
}

std::string entry(const std::string& name, const std::string& field) {
  return static_cast<char>(name.size()) + name + field;
}

std::map<std::string, std::string> texts(std::string_view table, bool* good = nullptr) {
  std::map<std::string, std::string> read;
  std::string_view name;
  Field field;
  bool all = true;
  while (next_field(table, name, field)) {
    std::string text;
    all = append_text(text, field) && all;
    read.emplace(name, text);
  }
  if (good != nullptr) *good = all && table.empty();
  return read;
}

TEST(Properties, AllOfThemComeBack) {
  amqp_table_entry_t header{};
  header.key = bytes_of("page");
  header.value.kind = AMQP_FIELD_KIND_UTF8;
  header.value.value.bytes = bytes_of("/a");
  amqp_basic_properties_t p{};
  p._flags = 0xfff8;
  p.content_type = bytes_of("text/plain");
  p.content_encoding = bytes_of("gzip");
  p.headers = {1, &header};
  p.delivery_mode = 2;
  p.priority = 7;
  p.correlation_id = bytes_of("c");
  p.reply_to = bytes_of("r");
  p.expiration = bytes_of("1000");
  p.message_id = bytes_of("m");
  p.timestamp = 1769846400;
  p.type = bytes_of("t");
  p.user_id = bytes_of("u");
  p.app_id = bytes_of("a");

  const std::string list = encoded(p);
  const auto read = parse_properties(list);

  ASSERT_TRUE(read);
  EXPECT_EQ(read->content_type, "text/plain");
  EXPECT_EQ(read->content_encoding, "gzip");
  EXPECT_THAT(texts(read->headers), ElementsAre(Pair("page", "/a")));
  EXPECT_EQ(read->delivery_mode, 2);
  EXPECT_EQ(read->priority, 7);
  EXPECT_EQ(read->correlation_id, "c");
  EXPECT_EQ(read->reply_to, "r");
  EXPECT_EQ(read->expiration, "1000");
  EXPECT_EQ(read->message_id, "m");
  EXPECT_EQ(read->timestamp, 1769846400U);
  EXPECT_EQ(read->type, "t");
  EXPECT_EQ(read->user_id, "u");
  EXPECT_EQ(read->app_id, "a");
}

TEST(Properties, AListThatEndsTooSoonIsNone) {
  amqp_basic_properties_t p{};
  p._flags = AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TIMESTAMP_FLAG;
  p.message_id = bytes_of("some id");
  const std::string list = encoded(p);

  for (std::size_t size = 0; size < list.size(); ++size)
    EXPECT_FALSE(parse_properties(std::string_view(list).substr(0, size))) << size;
  EXPECT_TRUE(parse_properties(list));
  EXPECT_FALSE(parse_properties(std::string_view("\x00\x01", 2)));
}

TEST(Properties, EachKindOfValueHasAText) {
  const std::string table =
      entry("bool", std::string("t\x01", 2)) + entry("byte", "b\xff") + entry("ubyte", "B\xff") +
      entry("short", "s" + number(0xfffe, 2)) + entry("ushort", "u" + number(0xfffe, 2)) +
      entry("int", "I" + number(0xfffffffd, 4)) + entry("uint", "i" + number(0xfffffffd, 4)) +
      entry("long", "l" + number(~std::uint64_t{0}, 8)) +
      entry("float", "f" + number(0x3fc00000, 4)) +
      entry("double", "d" + number(0xc004000000000000, 8)) +
      entry("decimal", "D" + number(2, 1) + number(5, 4)) +
      entry("time", "T" + number(1769846400, 8)) + entry("void", "V") +
      entry("bytes", sized('x', "\x01\x02")) + entry("text", sized('S', "text"));

  bool good = false;
  const auto read = texts(table, &good);

  EXPECT_TRUE(good);
  const std::map<std::string, std::string> wanted{
      {"bool", "true"},    {"byte", "-1"},        {"ubyte", "255"},       {"short", "-2"},
      {"ushort", "65534"}, {"int", "-3"},         {"uint", "4294967293"}, {"long", "-1"},
      {"float", "1.5"},    {"double", "-2.5"},    {"decimal", "0.05"},    {"time", "1769846400"},
      {"void", ""},        {"bytes", "\x01\x02"}, {"text", "text"}};
  EXPECT_EQ(read, wanted);
}

TEST(Properties, WhatABrokerWritesOfADeadLetterIsJson) {
  const std::string death = entry("count", "l" + number(3, 8)) +
                            entry("queue", sized('S', "jobs")) +
                            entry("routing-keys", sized('A', sized('S', "a") + sized('S', "b\"")));
  const auto read = texts(entry("x-death", sized('A', sized('F', death))));

  EXPECT_EQ(read.at("x-death"), R"([{"count":3,"queue":"jobs","routing-keys":["a","b\""]}])");
}

TEST(Properties, TablesAreFollowedToABoundOnly) {
  std::string field = "V";
  for (int i = 0; i < depth_max; ++i) field = sized('A', field);
  bool good = false;
  texts(entry("deep", field), &good);
  EXPECT_TRUE(good);

  for (int i = 0; i < 20'000; ++i) field = sized('A', field);
  texts(entry("deeper", field), &good);
  EXPECT_FALSE(good);
}

TEST(Properties, ABrokenTableIsSeen) {
  bool good = true;
  texts(entry("x", sized('S', "text")).substr(0, 8), &good);
  EXPECT_FALSE(good);
  texts(entry("x", "?"), &good);
  EXPECT_FALSE(good);
  texts(entry("x", sized('F', entry("y", "I"))), &good);
  EXPECT_FALSE(good);
}

}  // namespace
}  // namespace tidemill::amqp

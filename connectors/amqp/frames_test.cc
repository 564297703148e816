#include "frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace tidemill::amqp {
namespace {

struct Came {
  int type = 0;
  int channel = 0;
  std::string payload;
};

// In pieces of so many bytes.
std::vector<Came> read(std::string_view bytes, std::size_t piece, bool* broken = nullptr) {
  FrameReader reader;
  std::vector<Came> frames;
  while (!bytes.empty()) {
    const auto room = reader.room();
    const std::size_t count = std::min({piece, bytes.size(), room.size()});
    std::memcpy(room.data(), bytes.data(), count);
    reader.filled(count);
    bytes.remove_prefix(count);
    while (const auto frame = reader.next())
      frames.push_back({frame->type, frame->channel, std::string(frame->payload)});
    if (reader.broken()) break;
  }
  if (broken != nullptr) *broken = reader.broken();
  return frames;
}

std::string published(const amqp_basic_properties_t& properties, std::string_view body,
                      std::uint32_t frame_bytes = frame_max) {
  std::string out;
  EXPECT_TRUE(append_content(out, 1, properties, body, frame_bytes));
  return out;
}

TEST(Frames, AMethodComesBackAsItWasInPiecesOfAnySize) {
  amqp_basic_ack_t ack{};
  ack.delivery_tag = 0x123456789abcdef0;
  ack.multiple = 1;
  std::string out;
  ASSERT_TRUE(append_method(out, 1, AMQP_BASIC_ACK_METHOD, &ack));
  append_heartbeat(out);

  for (const std::size_t piece : {1U, 3U, 1000U}) {
    const auto frames = read(out, piece);
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].type, AMQP_FRAME_METHOD);
    EXPECT_EQ(frames[0].channel, 1);
    EXPECT_EQ(frames[1].type, AMQP_FRAME_HEARTBEAT);
    Pool pool;
    const auto* const read_back = pool.read<amqp_basic_ack_t>(
        AMQP_BASIC_ACK_METHOD, std::string_view(frames[0].payload).substr(4));
    ASSERT_NE(read_back, nullptr);
    EXPECT_EQ(read_back->delivery_tag, ack.delivery_tag);
    EXPECT_NE(read_back->multiple, 0);
  }
}

TEST(Frames, ALargeBodyIsCutIntoFramesOfTheSizeThatWasAgreed) {
  const std::string body(10'000, 'x');
  const auto frames = read(published({}, body, 4096), 777);

  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(frames[0].type, AMQP_FRAME_HEADER);
  std::string whole;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_LE(frames[i].payload.size() + 8, 4096U);
    whole += frames[i].payload;
  }
  EXPECT_EQ(whole, body);
}

TEST(Frames, AnEmptyBodyIsNoFrame) { EXPECT_EQ(read(published({}, ""), 100).size(), 1U); }

TEST(Frames, HeadersThatNeedMoreThanTheFirstGuessFit) {
  const std::string value(20'000, 'v');
  amqp_table_entry_t entry{};
  entry.key = bytes_of("long");
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes_of(value);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_HEADERS_FLAG;
  properties.headers = {1, &entry};

  const auto frames = read(published(properties, "body"), 5000);

  ASSERT_EQ(frames.size(), 2U);
  EXPECT_THAT(frames[0].payload, ::testing::HasSubstr(value));
}

TEST(Frames, PropertiesThatFitIntoNoFrameAreRefusedAndLeaveNothing) {
  const std::string value(5'000, 'v');
  amqp_table_entry_t entry{};
  entry.key = bytes_of("long");
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = bytes_of(value);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_HEADERS_FLAG;
  properties.headers = {1, &entry};
  std::string out = "before";

  EXPECT_FALSE(append_content(out, 1, properties, "body", 4096));
  EXPECT_EQ(out, "before");
}

TEST(Frames, ANameThatIsTooLongIsRefused) {
  const std::string name(256, 'q');
  amqp_basic_publish_t fields{};
  fields.routing_key = bytes_of(name);
  std::string out;

  EXPECT_FALSE(append_method(out, 1, AMQP_BASIC_PUBLISH_METHOD, &fields));
  EXPECT_EQ(out, "");
}

TEST(Frames, WhatIsNoFrameIsSeen) {
  bool broken = false;
  read("HTTP/1.1 400 Bad Request\r\n\r\n", 5, &broken);
  EXPECT_TRUE(broken);

  std::string out;
  append_heartbeat(out);
  out.back() = 'x';
  read(out, 100, &broken);
  EXPECT_TRUE(broken);

  // More than any frame may have.
  read(std::string("\x01\x00\x01\x7f\xff\xff\xff", 7), 100, &broken);
  EXPECT_TRUE(broken);
}

}  // namespace
}  // namespace tidemill::amqp

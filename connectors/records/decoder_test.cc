#include "records/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "records/testing/archives.h"

namespace tidemill::records {
namespace {

using testing::gzipped;
using testing::zstandard;

// Hands out `raw` in pieces, then nothing.
class DecoderTest : public ::testing::Test {
 protected:
  struct Reading {
    std::string text;
    std::string error;  // What ended it; empty if it was the end.
  };

  Decoder decoder(Compression compression, std::string raw, std::size_t piece = 1 << 20) {
    raw_ = std::move(raw);
    at_ = 0;
    piece_ = piece;
    return Decoder(compression, [this](std::span<char> room) -> Result<std::size_t> {
      const std::size_t count = raw_.copy(room.data(), std::min(room.size(), piece_), at_);
      at_ += count;
      return count;
    });
  }

  static Reading read_on(Decoder& decoder, std::size_t room_bytes = 1 << 16) {
    Reading reading;
    std::string room(room_bytes, '\0');
    for (;;) {
      const auto got = decoder.read(room);
      if (!got) {
        EXPECT_EQ(got.error().fault, Fault::bad_config);
        reading.error = got.error().message;
        return reading;
      }
      if (*got == 0) return reading;
      reading.text.append(room, 0, *got);
    }
  }

  static Reading read_all(Decoder decoder, std::size_t room_bytes = 1 << 16) {
    Reading first = read_on(decoder, room_bytes);
    if (!first.error.empty()) return first;
    decoder.end();
    Reading rest = read_on(decoder, room_bytes);
    return {first.text + rest.text, rest.error};
  }

  static std::string noise(std::size_t bytes) {
    std::mt19937 random(7);
    std::string text(bytes, '\0');
    std::ranges::generate(text, [&] { return static_cast<char>(random()); });
    return text;
  }

  std::string raw_;
  std::size_t at_ = 0;
  std::size_t piece_ = 0;
};

TEST_F(DecoderTest, WhatIsNotCompressedComesAsItIs) {
  for (const char* text : {"", "a", "(ab", "PK", "plain text", "\x1f", "\x28\xb5\x2f"}) {
    EXPECT_EQ(read_all(decoder(Compression::automatic, text)).text, text);
    EXPECT_EQ(read_all(decoder(Compression::automatic, text, 1), 1).text, text);
    EXPECT_EQ(read_all(decoder(Compression::none, text)).text, text);
  }
  const std::string archive = gzipped("x");
  EXPECT_EQ(read_all(decoder(Compression::none, archive)).text, archive);
}

TEST_F(DecoderTest, ArchivesAreKnownByHowTheyBegin) {
  const std::string text = noise(300'000) + std::string(300'000, 'x');
  for (const std::string& archive : {gzipped(text), zstandard(text)}) {
    EXPECT_EQ(read_all(decoder(Compression::automatic, archive)).text, text);
    EXPECT_EQ(read_all(decoder(Compression::automatic, archive, 997), 1009).text, text);
  }
  EXPECT_EQ(read_all(decoder(Compression::automatic, gzipped("tiny"), 1), 1).text, "tiny");
  EXPECT_EQ(read_all(decoder(Compression::automatic, zstandard("tiny"), 1), 1).text, "tiny");
}

TEST_F(DecoderTest, ArchivesOneAfterTheOtherAreOneStream) {
  const std::string gzip = gzipped("one ") + gzipped("") + gzipped("two");
  EXPECT_EQ(read_all(decoder(Compression::automatic, gzip)).text, "one two");
  EXPECT_EQ(read_all(decoder(Compression::automatic, gzip, 1), 2).text, "one two");
  // A frame that holds no data, as pzstd writes them, may come first too.
  const std::string skippable(
      "\x5a\x2a\x4d\x18\x03\x00\x00\x00"
      "abc",
      11);
  const std::string zstd =
      skippable + zstandard("one ") + zstandard("") + skippable + zstandard("two");
  EXPECT_EQ(read_all(decoder(Compression::automatic, zstd)).text, "one two");
  EXPECT_EQ(read_all(decoder(Compression::automatic, zstd, 1), 2).text, "one two");
}

TEST_F(DecoderTest, ZerosBehindAGzipArchiveAreTapesPadding) {
  const auto reading =
      read_all(decoder(Compression::gzip, gzipped("one") + std::string(512, '\0')));
  EXPECT_EQ(reading.text, "one");
  EXPECT_EQ(reading.error, "");
}

TEST_F(DecoderTest, AnArchiveThatEndsInTheMiddleSaysSoAtTheEnd) {
  const std::string text = noise(200'000);
  for (const std::string& whole : {gzipped(text), zstandard(text)}) {
    const std::string torn = whole.substr(0, whole.size() / 2);
    Decoder waits = decoder(Compression::automatic, torn);
    const Reading first = read_on(waits);
    EXPECT_TRUE(text.starts_with(first.text));
    EXPECT_EQ(first.error, "") << "more may come";
    waits.end();
    EXPECT_NE(read_on(waits).error.find("ends in the middle"), std::string::npos);
    for (const std::size_t left : {std::size_t{5}, whole.size() - 1})
      EXPECT_NE(read_all(decoder(Compression::automatic, whole.substr(0, left))).error, "") << left;
  }
}

TEST_F(DecoderTest, AnArchiveMayGrow) {
  for (const auto& pack : {gzipped, zstandard}) {
    const std::string first = pack("first");
    Decoder growing = decoder(Compression::automatic, first);
    EXPECT_EQ(read_on(growing).text, "first");
    raw_ += pack("second").substr(0, 12);
    Reading second = read_on(growing);
    EXPECT_EQ(second.error, "");
    raw_ = first + pack("second");
    EXPECT_EQ(second.text + read_on(growing).text, "second");
    growing.end();
    EXPECT_EQ(read_on(growing).error, "");
  }
}

TEST_F(DecoderTest, DamageIsToldAfterWhatCameBeforeIt) {
  const std::string text = noise(400'000);
  for (std::string archive :
       {gzipped(text), zstandard(text), gzipped(text) + "junk", zstandard(text) + "junk"}) {
    if (!archive.ends_with("junk")) archive[archive.size() - 6] ^= 0x55;  // In a checksum, or near.
    const Reading reading = read_all(decoder(Compression::automatic, archive));
    // A frame of zstd may have no checksum.
    EXPECT_TRUE(!reading.error.empty() || reading.text != text);
    if (archive.ends_with("junk")) {
      EXPECT_EQ(reading.text, text);
      EXPECT_NE(reading.error.find("archive is damaged"), std::string::npos) << reading.error;
    }
  }
}

TEST_F(DecoderTest, WhatIsNoArchiveIsRefusedWhereOneIsExpected) {
  for (const auto compression : {Compression::gzip, Compression::zstd})
    for (const char* wrong : {"", "a", "no archive at all"})
      EXPECT_NE(read_all(decoder(compression, wrong)).error, "") << wrong;
}

TEST_F(DecoderTest, AnErrorOfReadingIsHandedOn) {
  Decoder broken(Compression::automatic, [](std::span<char>) -> Result<std::size_t> {
    return fail(Fault::transient, "the disk is gone");
  });
  std::string room(100, '\0');
  const auto got = broken.read(room);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().fault, Fault::transient);
}

TEST(CompressionOfName, GoesByTheEnding) {
  EXPECT_EQ(compression_of_name("a.ndjson.gz"), Compression::gzip);
  EXPECT_EQ(compression_of_name("a.gzip"), Compression::gzip);
  EXPECT_EQ(compression_of_name("a.zst"), Compression::zstd);
  EXPECT_EQ(compression_of_name("a.zstd"), Compression::zstd);
  EXPECT_EQ(compression_of_name("a.gz.csv"), Compression::automatic);
}

}  // namespace
}  // namespace tidemill::records

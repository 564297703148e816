#include "records/compressor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "records/decoder.h"

namespace tidemill::records {
namespace {

std::string lines(int count) {
  std::string text;
  std::uint64_t state = 1;
  for (int i = 0; i < count; ++i) {
    state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    text += "{\"user\":\"u" + std::to_string(state >> 50) + "\",\"page\":\"/products/" +
            std::to_string((state >> 33) % 300) + "\"}\n";
  }
  return text;
}

std::string compressed(Compression compression, int level, std::string_view text,
                       std::size_t piece) {
  std::string archive;
  const auto compressor = make_compressor(compression, level);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    compressor->add(text.substr(0, piece), archive);
  compressor->finish(archive);
  return archive;
}

std::string decoded(Compression compression, std::string_view archive) {
  Decoder decoder(compression, [&archive](std::span<char> room) -> Result<std::size_t> {
    const std::size_t some = std::min(room.size(), archive.size());
    std::copy_n(archive.begin(), some, room.begin());
    archive.remove_prefix(some);
    return some;
  });
  decoder.end();
  std::string text;
  std::array<char, 4096> room;
  for (;;) {
    const auto got = decoder.read(room);
    EXPECT_TRUE(got) << got.error().message;
    if (!got || *got == 0) return text;
    text.append(room.data(), *got);
  }
}

TEST(Compressor, WhatItMakesTheDecoderReads) {
  for (const Compression compression : {Compression::none, Compression::gzip, Compression::zstd})
    for (const int count : {0, 1, 20'000}) {
      const std::string text = lines(count);
      const std::string archive = compressed(compression, 0, text, 8192);
      EXPECT_EQ(decoded(compression, archive), text);
      const bool smaller = archive.size() * 2 < text.size();
      EXPECT_EQ(smaller, count > 1 && compression != Compression::none);
    }
}

TEST(Compressor, TheSameBytesGiveTheSameArchiveHoweverTheyAreCut) {
  const std::string text = lines(50'000);
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    const std::string whole = compressed(compression, 0, text, text.size());
    EXPECT_EQ(compressed(compression, 0, text, 1000), whole);
    EXPECT_EQ(compressed(compression, 0, text, 1 << 20), whole);
  }
}

TEST(Compressor, AHigherLevelMakesLess) {
  const std::string text = lines(10'000);
  for (const Compression compression : {Compression::gzip, Compression::zstd}) {
    const std::string fast = compressed(compression, 1, text, 1 << 16);
    const std::string small = compressed(compression, level_max(compression), text, 1 << 16);
    EXPECT_LT(small.size(), fast.size());
    EXPECT_EQ(decoded(compression, small), text);
  }
}

}  // namespace
}  // namespace tidemill::records

#include "imaging/make_thumbnail.h"

#include <gmock/gmock.h>

#include "imaging/test_pictures.h"

namespace tidemill::imaging {
namespace {

using testing::alike;
using testing::at;
using testing::decode;
using testing::difference;
using ::testing::HasSubstr;
using testing::picture;

constexpr Rgb red{.red = 255, .green = 0, .blue = 0};
constexpr Rgb green{.red = 0, .green = 255, .blue = 0};
constexpr Rgb blue{.red = 0, .green = 0, .blue = 255};
constexpr Rgb white{.red = 255, .green = 255, .blue = 255};

Result<Thumbnail> thumbnail(const std::string& name, const ThumbnailOptions& options = {},
                            const Limits& limits = {}) {
  const auto bytes = picture(name);
  EXPECT_FALSE(name.empty() || (bytes.empty() && !name.ends_with("zero.jpg"))) << name;
  return make_thumbnail(bytes, options, limits);
}

Pixels pixels_of(const std::string& name, const ThumbnailOptions& options = {}) {
  const auto made = thumbnail(name, options);
  EXPECT_TRUE(made.has_value()) << name << ": " << made.error().message;
  return made ? decode(made->bytes) : Pixels{};
}

class Orientation : public ::testing::TestWithParam<const char*> {};

TEST_P(Orientation, CornersAreWhereAViewerSeesThem) {
  for (const auto format : {Format::jpeg, Format::png}) {
    const Pixels pixels = pixels_of(GetParam(), {.format = format});
    ASSERT_EQ(pixels.size, (Size{.width = 200, .height = 133}));
    EXPECT_TRUE(alike(at(pixels, 5, 5), red)) << at(pixels, 5, 5);
    EXPECT_TRUE(alike(at(pixels, 194, 5), green)) << at(pixels, 194, 5);
    EXPECT_TRUE(alike(at(pixels, 5, 127), blue)) << at(pixels, 5, 127);
    EXPECT_TRUE(alike(at(pixels, 194, 127), white)) << at(pixels, 194, 127);
  }
}

INSTANTIATE_TEST_SUITE_P(Marked, Orientation,
                         ::testing::Values("made/orient/marked_1.jpg", "made/orient/marked_2.jpg",
                                           "made/orient/marked_3.jpg", "made/orient/marked_4.jpg",
                                           "made/orient/marked_5.jpg", "made/orient/marked_6.jpg",
                                           "made/orient/marked_7.jpg", "made/orient/marked_8.jpg",
                                           "made/orient/long_type_6.jpg",
                                           "made/orient/ifd1_only_6.jpg", "made/orient/bad_9.jpg",
                                           "made/orient/png_8.png", "made/orient/webp_6.webp"),
                         [](const auto& instance) {
                           std::string name = std::filesystem::path(instance.param).stem();
                           return name;
                         });

TEST(Thumbnail, EveryOrientationGivesTheSamePicture) {
  const Pixels upright = pixels_of("made/orient/marked_1.jpg");
  for (int orientation = 2; orientation <= 8; ++orientation) {
    const Pixels turned = pixels_of("made/orient/marked_" + std::to_string(orientation) + ".jpg");
    EXPECT_LT(difference(upright, turned), 3) << orientation;
  }
}

TEST(Thumbnail, FitsIntoTheBoxAndKeepsTheProportions) {
  EXPECT_EQ(fit({.width = 4000, .height = 3000}, {.width = 200, .height = 200}),
            (Size{.width = 200, .height = 150}));
  EXPECT_EQ(fit({.width = 3000, .height = 4000}, {.width = 300, .height = 200}),
            (Size{.width = 150, .height = 200}));
}

TEST(Thumbnail, NeverEnlarges) {
  EXPECT_EQ(thumbnail("made/fmt/one_pixel.png")->size, (Size{.width = 1, .height = 1}));
  EXPECT_EQ(thumbnail("made/fmt/gray.jpg", {.box = {.width = 5000, .height = 5000}})->size,
            (Size{.width = 640, .height = 427}));
}

TEST(Thumbnail, HasAtLeastOnePixelEachWay) {
  EXPECT_EQ(thumbnail("made/fmt/wide_30000x2.jpg")->size, (Size{.width = 200, .height = 1}));
  EXPECT_EQ(thumbnail("made/fmt/tall_1x20000.png")->size, (Size{.width = 1, .height = 200}));
}

TEST(Thumbnail, KeepsTheFormatUnlessToldOtherwise) {
  EXPECT_EQ(thumbnail("made/fmt/gray.jpg")->format, Format::jpeg);
  EXPECT_EQ(thumbnail("made/fmt/rgba16.png")->format, Format::png);
  EXPECT_EQ(thumbnail("made/fmt/lossy.webp")->format, Format::webp);
  for (const auto format : {Format::jpeg, Format::png, Format::webp}) {
    const auto made = thumbnail("made/fmt/base_422.jpg", {.format = format});
    EXPECT_EQ(made->format, format);
    EXPECT_EQ(sniff(made->bytes), format);
  }
}

// The same scene in many codings must look the same.
TEST(Thumbnail, CodingsOfOneSceneLookAlike) {
  const Pixels plain = pixels_of("made/fmt/restart8.jpg", {.format = Format::png});
  for (const char* name : {"made/fmt/base_422.jpg", "made/fmt/prog_444.jpg", "made/fmt/arith.jpg",
                           "made/fmt/arith_prog.jpg", "made/fmt/lossy.webp"}) {
    const Pixels other = pixels_of(name, {.format = Format::png});
    ASSERT_EQ(other.size, plain.size) << name;
    EXPECT_LT(difference(plain, other), 4) << name;
  }
}

TEST(Thumbnail, CmykLooksLikeItsRgbOriginal) {
  const Pixels rgb = pixels_of("made/fmt/restart8.jpg");
  const Pixels cmyk = pixels_of("made/fmt/cmyk_adobe.jpg");
  ASSERT_EQ(cmyk.size, rgb.size);
  EXPECT_LT(difference(rgb, cmyk), 6);
}

// Without Adobe's marker the same numbers mean ink, not the absence of it.
TEST(Thumbnail, CmykOfOthersIsNotInverted) {
  const Pixels adobe = pixels_of("made/fmt/cmyk_adobe.jpg");
  const Pixels other = pixels_of("made/fmt/cmyk_no_adobe_marker.jpg");
  EXPECT_GT(difference(adobe, other), 50);
}

TEST(Thumbnail, GreyStaysGrey) {
  const Pixels jpeg = pixels_of("made/fmt/gray.jpg");
  const Pixels png = pixels_of("made/fmt/gray16.png");
  EXPECT_EQ(jpeg.channels, 1);
  EXPECT_EQ(png.channels, 1);
}

TEST(Thumbnail, SixteenBitsAreScaledAndNotCut) {
  const ThumbnailOptions tiny{.box = {.width = 40, .height = 40}};
  const Pixels deep = pixels_of("made/fmt/rgb16.png", tiny);
  const Pixels plain = pixels_of("made/fmt/pal8.png", tiny);
  ASSERT_EQ(deep.size, plain.size);
  EXPECT_LT(difference(deep, plain), 6);
}

TEST(Thumbnail, AlphaIsComposedOntoTheBackgroundForJpeg) {
  // Bytes of an own picture: a transparent left half, an opaque blue right half.
  Pixels half{.size = {.width = 64, .height = 64}, .channels = 4, .samples = {}};
  for (int i = 0; i < 64 * 64; ++i) {
    const bool opaque = i % 64 >= 32;
    const std::uint8_t hidden_red = opaque ? 0 : 255;
    half.samples.insert(half.samples.end(),
                        {hidden_red, 0, static_cast<std::uint8_t>(opaque ? 255 : 0),
                         static_cast<std::uint8_t>(opaque ? 255 : 0)});
  }
  for (const auto& encoded : {encode_png(half), encode_webp(half, 100)}) {
    const auto on_white = make_thumbnail(*encoded, {.format = Format::jpeg}, {});
    EXPECT_TRUE(alike(at(decode(on_white->bytes), 8, 32), white, 12));
    EXPECT_TRUE(alike(at(decode(on_white->bytes), 56, 32), blue, 12));

    const ThumbnailOptions onto_green{.format = Format::jpeg, .background = green};
    const auto on_green = make_thumbnail(*encoded, onto_green, {});
    EXPECT_TRUE(alike(at(decode(on_green->bytes), 8, 32), green, 12));

    const auto kept = make_thumbnail(*encoded, {.format = Format::png}, {});
    const Pixels pixels = decode(kept->bytes);
    ASSERT_EQ(pixels.channels, 4);
    EXPECT_EQ(pixels.samples[3], 0);
    EXPECT_EQ(pixels.samples[63 * 4 + 3], 255);
  }
}

TEST(Thumbnail, HiddenColoursDoNotBleedIntoVisibleOnes) {
  // Every second column is transparent red; what remains visible is pure blue.
  Pixels stripes{.size = {.width = 128, .height = 8}, .channels = 4, .samples = {}};
  for (int i = 0; i < 128 * 8; ++i) {
    const bool opaque = i % 2 == 0;
    stripes.samples.insert(stripes.samples.end(), {static_cast<std::uint8_t>(opaque ? 0 : 255), 0,
                                                   static_cast<std::uint8_t>(opaque ? 255 : 0),
                                                   static_cast<std::uint8_t>(opaque ? 255 : 0)});
  }
  const auto made = make_thumbnail(*encode_png(stripes), {.box = {.width = 32, .height = 32}}, {});
  EXPECT_TRUE(alike(at(decode(made->bytes), 16, 1), blue, 6)) << at(decode(made->bytes), 16, 1);
}

TEST(Thumbnail, TheFirstFrameStandsForAnAnimation) {
  const auto made = thumbnail("made/fmt/anim6.webp");
  ASSERT_TRUE(made.has_value()) << made.error().message;
  EXPECT_TRUE(made->source.animated);
  EXPECT_EQ(made->size, (Size{.width = 120, .height = 90}));
}

TEST(Thumbnail, OutputCarriesNoMetadata) {
  const auto made = thumbnail("made/orient/marked_6.jpg");
  const std::string_view text(reinterpret_cast<const char*>(made->bytes.data()),
                              made->bytes.size());
  EXPECT_EQ(text.find("Exif"), text.npos);
}

TEST(Thumbnail, TheSameInputGivesTheSameBytes) {
  EXPECT_EQ(thumbnail("made/fmt/prog_444.jpg")->bytes, thumbnail("made/fmt/prog_444.jpg")->bytes);
}

class Damaged : public ::testing::TestWithParam<const char*> {};

TEST_P(Damaged, IsAnErrorAndNotAGreyPicture) {
  const auto made = thumbnail(GetParam());
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().fault, Fault::bad_event);
  EXPECT_FALSE(made.error().message.empty());
}

INSTANTIATE_TEST_SUITE_P(Files, Damaged,
                         ::testing::Values("made/bad/trunc_1.jpg", "made/bad/trunc_25.jpg",
                                           "made/bad/trunc_50.jpg", "made/bad/trunc_90.jpg",
                                           "made/bad/trunc_99.jpg", "made/bad/soi_only.jpg",
                                           "made/bad/zero.jpg", "made/bad/trunc_60.png",
                                           "made/bad/idat_bit.png", "made/bad/ihdr_crc.png",
                                           "made/bad/sig_only.png", "hostile/jd_max_size.jpg"),
                         [](const auto& instance) {
                           std::string name = std::filesystem::path(instance.param).filename();
                           name[name.find('.')] = '_';
                           return name;
                         });

TEST(Damaged, EveryCutOfAWebpIsAnError) {
  const auto whole = picture("made/fmt/lossy.webp");
  for (std::size_t size = 12; size < whole.size(); size += 997) {
    EXPECT_FALSE(make_thumbnail(Bytes(whole).first(size), {}, {}).has_value()) << size;
  }
}

TEST(Damaged, AProgressiveJpegWithoutItsEndIsAnError) {
  const auto whole = picture("made/fmt/prog_444.jpg");
  for (std::size_t cut = 2; cut < whole.size(); cut += 1777) {
    EXPECT_FALSE(make_thumbnail(Bytes(whole).first(whole.size() - cut), {}, {}).has_value()) << cut;
  }
}

TEST(Damaged, WhatFollowsTheLastPixelDoesNotMatter) {
  EXPECT_TRUE(thumbnail("made/bad/no_eoi.jpg").has_value());
  EXPECT_TRUE(thumbnail("made/bad/trailing_1k.jpg").has_value());
  EXPECT_TRUE(thumbnail("made/bad/no_iend.png").has_value());
  EXPECT_TRUE(thumbnail("hostile/truncated_end_chunk.png").has_value());
}

class Bomb : public ::testing::TestWithParam<const char*> {};

TEST_P(Bomb, IsRefusedFromItsHeader) {
  const auto bytes = picture(GetParam());
  const Limits limits;
  const auto decoder = open(bytes, limits);
  ASSERT_FALSE(decoder.has_value());
  EXPECT_THAT(decoder.error().message, HasSubstr("pixels_max"));
}

INSTANTIATE_TEST_SUITE_P(Files, Bomb,
                         ::testing::Values("made/bomb/dims_100kx100k_short.png",
                                           "made/bomb/dims_2g.png",
                                           "made/bomb/gray1_30000x30000.png",
                                           "made/bomb/rgb8_15000x15000.png",
                                           "made/bomb/jpeg_sof_65500.jpg"),
                         [](const auto& instance) {
                           const std::string name = std::filesystem::path(instance.param).stem();
                           return name;
                         });

TEST(Bomb, TextAndProfilesAreNotEvenInflated) {
  EXPECT_TRUE(thumbnail("made/bomb/ztxt_64m.png").has_value());
  EXPECT_TRUE(thumbnail("made/bomb/iccp_64m.png").has_value());
}

TEST(Bomb, ScansAreCountedBeforeTheFirstIsDecoded) {
  int asked = 0;
  Limits limits;
  limits.expired = [&asked] { return ++asked > 0; };
  const auto made = thumbnail("made/bomb/jpeg_scans.jpg", {}, limits);
  ASSERT_FALSE(made.has_value());
  EXPECT_THAT(made.error().message, HasSubstr("scans_max"));
  EXPECT_EQ(asked, 0);
}

TEST(Limits, AreRuleThenValue) {
  EXPECT_EQ(thumbnail("made/fmt/gray.jpg", {}, {.pixels_max = 1000}).error().message,
            "the picture may have at most 1000 pixels (pixels_max); its header says 640x427");
  EXPECT_THAT(thumbnail("made/fmt/gray.jpg", {}, {.bytes_max = 1000}).error().message,
              HasSubstr("at most 1000 bytes (bytes_max); it has 24196"));
  EXPECT_THAT(thumbnail("made/fmt/prog_444.jpg", {}, {.workspace_max = 1000}).error().message,
              HasSubstr("decoding may use at most"));
}

TEST(Limits, OneRowOfAVeryWidePngIsTooMuchAsWell) {
  Pixels wide{.size = {.width = 100'000, .height = 1}, .channels = 1, .samples = {}};
  wide.samples.resize(100'000, 128);
  const auto encoded = encode_png(wide).value();
  EXPECT_TRUE(make_thumbnail(encoded, {}, {.workspace_max = 1'000'000}).has_value());
  EXPECT_FALSE(make_thumbnail(encoded, {}, {.workspace_max = 500'000}).has_value());
}

TEST(Limits, AnExpiredDeadlineCancelsEveryFormat) {
  Limits limits;
  limits.expired = [] { return true; };
  for (const char* name : {"made/fmt/base_422.jpg", "made/fmt/prog_444.jpg", "made/fmt/rgb16.png",
                           "made/fmt/lossy.webp"}) {
    const auto made = thumbnail(name, {}, limits);
    ASSERT_FALSE(made.has_value()) << name;
    EXPECT_EQ(made.error().fault, Fault::cancelled) << name;
  }
}

}  // namespace
}  // namespace tidemill::imaging

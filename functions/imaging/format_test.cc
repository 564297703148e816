#include "imaging/format.h"

#include <gmock/gmock.h>

#include "imaging/test_pictures.h"

namespace tidemill::imaging {
namespace {

using ::testing::HasSubstr;

TEST(Format, IsToldFromTheBytesAndNotFromTheName) {
  EXPECT_EQ(sniff(testing::picture("made/fmt/wrong_ext_png.jpg")), Format::png);
  EXPECT_EQ(sniff(testing::picture("made/fmt/gray.jpg")), Format::jpeg);
  EXPECT_EQ(sniff(testing::picture("made/fmt/lossy.webp")), Format::webp);
}

struct Refusal {
  const char* file;
  const char* kind;
};

class UnsupportedFormat : public ::testing::TestWithParam<Refusal> {};

TEST_P(UnsupportedFormat, IsNamedInTheReason) {
  const Result<Format> format = sniff(testing::picture(GetParam().file));
  ASSERT_FALSE(format.has_value());
  EXPECT_EQ(format.error().fault, Fault::bad_event);
  EXPECT_THAT(format.error().message, HasSubstr(GetParam().kind));
  EXPECT_THAT(format.error().message, HasSubstr("supported are JPEG, PNG and WebP"));
}

INSTANTIATE_TEST_SUITE_P(
    Files, UnsupportedFormat,
    ::testing::Values(Refusal{"formats/hopper.gif", "GIF"}, Refusal{"formats/hopper.tif", "TIFF"},
                      Refusal{"formats/hopper.bmp", "BMP"}, Refusal{"formats/hopper.ico", "ICO"},
                      Refusal{"formats/avif_hopper.avif", "AVIF"},
                      Refusal{"formats/test-card-lossy-tiled.jp2", "JPEG 2000"},
                      Refusal{"made/bad/html.jpg", "HTML"}),
    [](const auto& instance) { return "Case" + std::to_string(instance.index); });

TEST(Format, AnEmptyFileSaysSo) { EXPECT_EQ(sniff({}).error().message, "the file is empty"); }

TEST(Format, NoiseIsNotAPicture) {
  EXPECT_FALSE(sniff(testing::picture("made/bad/noise.jpg")).has_value());
  EXPECT_FALSE(sniff(testing::picture("made/bad/soi_only.jpg")).has_value());
}

}  // namespace
}  // namespace tidemill::imaging

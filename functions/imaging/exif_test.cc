#include "imaging/exif.h"

#include <gmock/gmock.h>

#include "imaging/decoder.h"
#include "imaging/test_exif.h"
#include "imaging/test_pictures.h"

namespace tidemill::imaging {
namespace {

using Block = testing::ExifBlock;

Exif exif_of(const std::string& name) {
  const auto bytes = testing::picture(name);
  const Limits limits;
  return open(bytes, limits).value()->header().exif;
}

TEST(Exif, OrientationsOutsideOneToEightReadAsOne) {
  for (const unsigned value : {0U, 9U, 65535U}) {
    EXPECT_EQ(Block().header().u16(1).entry(0x112, 3, 1, value).u32(0).read().orientation, 1);
  }
  EXPECT_EQ(exif_of("made/orient/bad_9.jpg").orientation, 1);
  EXPECT_EQ(exif_of("made/orient/bad_0.jpg").orientation, 1);
}

TEST(Exif, AnOrientationWrittenAsLongIsTaken) {
  EXPECT_EQ(Block().header().u16(1).entry(0x112, 4, 1, 6).u32(0).read().orientation, 6);
  EXPECT_EQ(exif_of("made/orient/long_type_6.jpg").orientation, 6);
}

TEST(Exif, TheOrientationOfTheEmbeddedPreviewDoesNotCount) {
  EXPECT_EQ(exif_of("made/orient/ifd1_only_6.jpg").orientation, 1);
}

TEST(Exif, IsFoundInPngAndWebp) {
  EXPECT_EQ(exif_of("made/orient/png_8.png").orientation, 8);
  EXPECT_EQ(exif_of("made/orient/webp_6.webp").orientation, 6);
}

TEST(Exif, ReadsCameraAndTheDateThePictureWasTaken) {
  const Exif exif = Block()
                        .header()
                        .u16(4)
                        .entry(0x10F, 2, 6, 62)
                        .entry(0x110, 2, 4, 0x00317844)  // "Dx1"
                        .entry(0x132, 2, 20, 68)
                        .entry(0x8769, 4, 1, 88)
                        .u32(0)
                        .text(std::string_view("Acme \0", 6))
                        .text(std::string_view("2020:01:02 03:04:05\0", 20))
                        .u16(1)
                        .entry(0x9003, 2, 20, 106)
                        .u32(0)
                        .text(std::string_view("2019:09:08 07:06:05\0", 20))
                        .read();
  EXPECT_EQ(exif.make, "Acme");
  EXPECT_EQ(exif.model, "Dx1");
  EXPECT_EQ(exif.date, "2019:09:08 07:06:05");
}

TEST(Exif, SouthAndWestAreNegative) {
  const Exif exif = testing::exif_with_place().read();
  ASSERT_TRUE(exif.gps.has_value());
  EXPECT_DOUBLE_EQ(exif.gps->latitude, -33.5);
  EXPECT_DOUBLE_EQ(exif.gps->longitude, -70.01);
}

TEST(Exif, ADamagedBlockGivesWhatCouldBeRead) {
  // Offsets and counts that lead out of the block.
  const Exif exif = Block()
                        .header()
                        .u16(60000)
                        .entry(0x112, 3, 1, 3)
                        .entry(0x10F, 2, 0xFFFFFFFF, 0xFFFFFFFF)
                        .entry(0x8825, 4, 1, 0xFFFFFFF0)
                        .entry(0x8769, 4, 1, 8)
                        .read();
  EXPECT_EQ(exif.orientation, 3);
  EXPECT_EQ(exif.make, "");
  EXPECT_EQ(exif.gps, std::nullopt);
}

TEST(Exif, NothingAtAllReadsAsUpright) { EXPECT_EQ(read_exif({}).orientation, 1); }

}  // namespace
}  // namespace tidemill::imaging

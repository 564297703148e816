#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "imaging/encode.h"
#include "imaging/test_exif.h"
#include "imaging/test_pictures.h"
#include "sha256.h"
#include "tidemill/testing/function_host.h"

namespace tidemill::metadata {
namespace {

namespace json = boost::json;
using imaging::testing::object;
using imaging::testing::picture;
using ::testing::SizeIs;
using ::testing::StartsWith;
using tidemill::testing::FunctionHost;

json::object row_for(const std::string& key, const std::vector<std::uint8_t>& bytes,
                     const FunctionHost::Options& options = {}) {
  FunctionHost host(options);
  host.created(key, object(bytes));
  const auto answer = host.invoke();
  EXPECT_EQ(answer.on("images").key, key);
  return json::parse(answer.on("images").data).as_object();
}

json::object row_of(const std::string& name) { return row_for(name, picture(name)); }

TEST(Metadata, DescribesAPicture) {
  const auto row = row_of("made/orient/marked_6.jpg");
  EXPECT_EQ(row.at("format"), "jpeg");
  EXPECT_EQ(row.at("width"), 640);
  EXPECT_EQ(row.at("height"), 427);
  EXPECT_EQ(row.at("orientation"), 6);
  EXPECT_EQ(row.at("size"), 34172);
  EXPECT_EQ(row.at("etag"), "e1");
  EXPECT_EQ(row.at("sha256"), "2535173717d7ac253b972bd6c466d895f4ba5d4a8da837a8332346816695757f");
}

TEST(Metadata, TellsDepthAndAlpha) {
  const auto row = row_of("made/fmt/rgba16.png");
  EXPECT_EQ(row.at("bits"), 16);
  EXPECT_EQ(row.at("alpha"), true);
}

TEST(Metadata, TellsCameraAndDateInIsoForm) {
  const auto row = row_of("formats/exif_gps.jpg");
  EXPECT_EQ(row.at("date"), "2099-09-29T10:10:10");
  EXPECT_EQ(row.at("camera"), json::parse(R"({"make": "Make", "model": "XXX-XXX"})"));
}

TEST(Metadata, PlacesAreStoredOnlyWhenAskedFor) {
  const auto photo = imaging::testing::with_exif(picture("made/fmt/gray.jpg"),
                                                 imaging::testing::exif_with_place());
  EXPECT_FALSE(row_for("a.jpg", photo).contains("gps"));
  EXPECT_EQ(row_for("a.jpg", photo, {{"gps", "true"}}).at("gps"),
            json::parse(R"({"latitude": -33.5, "longitude": -70.01})"));
}

TEST(Metadata, TheDominantColourIsTheOneThatCoversMost) {
  // Three quarters orange, one quarter of all kinds of blue.
  imaging::Pixels pixels{.size = {.width = 64, .height = 64}, .channels = 3, .samples = {}};
  for (int i = 0; i < 64 * 64; ++i) {
    if (i < 64 * 48) {
      pixels.samples.insert(pixels.samples.end(), {250, 130, 10});
    } else {
      pixels.samples.insert(pixels.samples.end(), {10, 20, static_cast<std::uint8_t>(i % 256)});
    }
  }
  const auto row = row_for("a.png", imaging::encode_png(pixels).value());
  EXPECT_EQ(row.at("colour"), "#fa820a");
}

TEST(Metadata, ABrokenPictureFailsWithItsName) {
  FunctionHost host;
  host.created("cut.jpg", object(picture("made/bad/trunc_50.jpg")));
  const auto answer = host.invoke();
  ASSERT_THAT(answer.failures, SizeIs(1));
  EXPECT_THAT(answer.failures[0].reason, StartsWith("cut.jpg: "));
}

TEST(Metadata, ARemovedPictureTakesItsRowAlong) {
  FunctionHost host;
  host.removed("a.jpg");
  EXPECT_EQ(host.invoke().on("images").kind, TIDEMILL_DELETE_ROW);
}

TEST(Sha256, IsTheOneOfTheStandard) {
  const std::string abc = "abc";
  EXPECT_EQ(sha256_hex(std::span(reinterpret_cast<const std::uint8_t*>(abc.data()), abc.size())),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace tidemill::metadata

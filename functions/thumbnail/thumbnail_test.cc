#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "imaging/test_pictures.h"
#include "tidemill/testing/function_host.h"

namespace tidemill::thumbnail {
namespace {

using imaging::testing::object;
using imaging::testing::picture;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using tidemill::testing::FunctionHost;

TEST(Thumbnail, APictureBecomesAThumbnailARowAndANotification) {
  FunctionHost host;
  host.created("trip/beach.jpg", object(picture("made/orient/marked_6.jpg")));
  const auto answer = host.invoke();

  ASSERT_THAT(answer.failures, IsEmpty());
  ASSERT_THAT(answer.effects, SizeIs(3));
  const auto& thumbnail = answer.on("thumbnails");
  EXPECT_EQ(thumbnail.kind, TIDEMILL_PUT_OBJECT);
  EXPECT_EQ(thumbnail.key, "trip/beach.jpg");
  EXPECT_EQ(thumbnail.content_type, "image/jpeg");
  EXPECT_EQ(thumbnail.metadata.at("thumbnail-of"), "trip/beach.jpg");
  EXPECT_EQ(thumbnail.metadata.at("source-width"), "640");
  EXPECT_EQ(thumbnail.metadata.at("source-height"), "427");

  const auto expected = boost::json::parse(
      R"({"key": "trip/beach.jpg", "size": 34172, "width": 640, "height": 427, "format": "jpeg",
          "thumbnail": {"key": "trip/beach.jpg", "width": 200, "height": 133,
                        "bytes": )" +
      std::to_string(thumbnail.data.size()) + R"(, "format": "jpeg"}, "etag": "e1"})");
  EXPECT_EQ(answer.on("images").key, "trip/beach.jpg");
  EXPECT_EQ(boost::json::parse(answer.on("images").data), expected);

  auto notification = boost::json::parse(answer.on("notifications").data).as_object();
  EXPECT_EQ(notification.at("type"), "thumbnail.created");
  notification.erase("type");
  EXPECT_EQ(boost::json::value(notification), expected);
}

TEST(Thumbnail, ABrokenPictureFailsAloneWithItsNameAndTheReason) {
  FunctionHost host;
  host.created("good.png", object(picture("made/fmt/pal8.png")));
  host.created("cut.jpg", object(picture("made/bad/trunc_50.jpg")));
  host.created("animation.gif", object(picture("formats/hopper.gif")));
  const auto answer = host.invoke();

  EXPECT_THAT(answer.effects, SizeIs(3));
  for (const auto& effect : answer.effects) EXPECT_EQ(effect.event, 0U);
  ASSERT_THAT(answer.failures, SizeIs(2));
  EXPECT_EQ(answer.failures[0].event, 1U);
  EXPECT_EQ(answer.failures[0].fault, TIDEMILL_BAD_EVENT);
  EXPECT_THAT(answer.failures[0].reason, StartsWith("cut.jpg: the JPEG is damaged or cut short"));
  EXPECT_THAT(answer.failures[1].reason,
              AllOf(StartsWith("animation.gif: "), HasSubstr("GIF is not supported")));
}

TEST(Thumbnail, HoldsOnePictureAtATime) {
  FunctionHost host;
  host.created("a.jpg", object(picture("made/fmt/gray.jpg")));
  host.created("b.jpg", object(picture("made/bad/trunc_50.jpg")));
  std::ignore = host.invoke();
  EXPECT_EQ(host.objects_held(), 0);
}

TEST(Thumbnail, ThumbnailsAreSkipped) {
  FunctionHost host;
  host.created("thumbnails/a.jpg", object(picture("made/fmt/gray.jpg")));
  host.created("a_thumb.jpg", object(picture("made/fmt/gray.jpg")));
  host.created("any/name.jpg", object(picture("made/fmt/gray.jpg")),
               R"({"object":{"metadata":{"thumbnail-of":"a.jpg"}}})");
  const auto answer = host.invoke();
  EXPECT_THAT(answer.effects, IsEmpty());
  EXPECT_THAT(answer.failures, IsEmpty());
}

TEST(Thumbnail, ARemovedPictureTakesItsThumbnailAndRowAlong) {
  FunctionHost host(FunctionHost::Options{{"prefix", "small/"}});
  host.removed("a.jpg");
  const auto answer = host.invoke();
  ASSERT_THAT(answer.effects, SizeIs(3));
  EXPECT_EQ(answer.on("thumbnails").kind, TIDEMILL_DELETE_OBJECT);
  EXPECT_EQ(answer.on("thumbnails").key, "small/a.jpg");
  EXPECT_EQ(answer.on("images").kind, TIDEMILL_DELETE_ROW);
  EXPECT_EQ(answer.on("images").key, "a.jpg");
  EXPECT_THAT(answer.on("notifications").data, HasSubstr("thumbnail.removed"));
}

TEST(Thumbnail, OptionsReachThePicture) {
  FunctionHost host(FunctionHost::Options{{"width", "50"},
                                          {"height", "60"},
                                          {"format", "webp"},
                                          {"quality", "40"},
                                          {"suffix", "-small"}});
  host.created("a.jpg", object(picture("made/fmt/gray.jpg")));
  const auto answer = host.invoke();
  ASSERT_THAT(answer.effects, SizeIs(3));
  const auto& thumbnail = answer.on("thumbnails");
  EXPECT_EQ(thumbnail.key, "a-small.jpg.webp");
  EXPECT_EQ(thumbnail.content_type, "image/webp");
  const std::vector<std::uint8_t> bytes(thumbnail.data.begin(), thumbnail.data.end());
  EXPECT_EQ(imaging::testing::decode(bytes).size, (imaging::Size{.width = 50, .height = 33}));
}

TEST(Thumbnail, LimitsOnBytesAndPixelsAreTheEvents) {
  FunctionHost host(FunctionHost::Options{{"pixels_max", "1000"}, {"bytes_max", "30000"}});
  host.created("wide.jpg", object(picture("made/fmt/gray.jpg")));
  host.created("heavy.jpg", object(picture("made/fmt/prog_444.jpg")));
  const auto answer = host.invoke();
  ASSERT_THAT(answer.failures, SizeIs(2));
  EXPECT_THAT(answer.failures[0].reason, HasSubstr("pixels_max"));
  EXPECT_THAT(answer.failures[1].reason, HasSubstr("bytes_max"));
}

TEST(Thumbnail, ABackgroundThatIsNoColourIsAConfigurationError) {
  EXPECT_THAT(FunctionHost(FunctionHost::Options{{"background", "white"}}).create_error(),
              HasSubstr("background"));
}

}  // namespace
}  // namespace tidemill::thumbnail

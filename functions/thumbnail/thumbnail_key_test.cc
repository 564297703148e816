#include "thumbnail_key.h"

#include <gmock/gmock.h>

namespace tidemill::thumbnail {
namespace {

const std::vector<std::string> usual_skip{"thumbnails/", "_thumb"};

TEST(ThumbnailKey, StaysTheKeyOfThePictureByDefault) {
  EXPECT_EQ(thumbnail_key("2026/a.b/photo.JPG", {}), "2026/a.b/photo.JPG");
}

TEST(ThumbnailKey, TakesPrefixAndSuffix) {
  const KeyRules rules{.prefix = "small/", .suffix = "_200", .skip = {}, .format = {}};
  EXPECT_EQ(thumbnail_key("trip/photo.jpg", rules), "small/trip/photo_200.jpg");
  EXPECT_EQ(thumbnail_key("trip/no-extension", rules), "small/trip/no-extension_200");
  EXPECT_EQ(thumbnail_key("trip/.hidden", rules), "small/trip/.hidden_200");
}

TEST(ThumbnailKey, AnExtensionOfTheRightFormatIsKept) {
  const KeyRules rules{.prefix = {}, .suffix = {}, .skip = {}, .format = imaging::Format::jpeg};
  EXPECT_EQ(thumbnail_key("a.jpeg", rules), "a.jpeg");
  EXPECT_EQ(thumbnail_key("a.JPG", rules), "a.JPG");
}

TEST(ThumbnailKey, TwoPicturesNeverShareAThumbnail) {
  const KeyRules rules{.prefix = {}, .suffix = {}, .skip = {}, .format = imaging::Format::jpeg};
  EXPECT_EQ(thumbnail_key("a.png", rules), "a.png.jpg");
  EXPECT_NE(thumbnail_key("a.png", rules), thumbnail_key("a.jpg", rules));
}

TEST(ThumbnailKey, FoldersAndEndsOfNamesMarkThumbnails) {
  const KeyRules rules{.prefix = {}, .suffix = {}, .skip = usual_skip, .format = {}};
  EXPECT_TRUE(is_thumbnail("thumbnails/a.jpg", rules));
  EXPECT_TRUE(is_thumbnail("2026/thumbnails/a.jpg", rules));
  EXPECT_TRUE(is_thumbnail("2026/a_thumb.jpg", rules));
  EXPECT_FALSE(is_thumbnail("old-thumbnails/a.jpg", rules));
  EXPECT_FALSE(is_thumbnail("a_thumbs_up.jpg", rules));
  EXPECT_FALSE(is_thumbnail("a.jpg", rules));
}

TEST(ThumbnailKey, WhatThisFunctionNamesItAlsoRecognizes) {
  const KeyRules rules{.prefix = "small/", .suffix = "-s", .skip = {}, .format = {}};
  EXPECT_TRUE(is_thumbnail(thumbnail_key("trip/photo.jpg", rules), rules));
}

}  // namespace
}  // namespace tidemill::thumbnail

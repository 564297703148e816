#include "object_key.h"

#include <gtest/gtest.h>

namespace tidemill::bucket {
namespace {

using namespace std::string_view_literals;

TEST(ObjectKey, OrdinaryKeysAreAllowed) {
  for (const auto key :
       {"a"sv, "a/b/c.jpg"sv, "with blank"sv, "grün/ö"sv, "a..b"sv, "\xFF"sv, "a\nb"sv})
    EXPECT_TRUE(check_key(key)) << key;
}

TEST(ObjectKey, KeysThatWouldEscapeOrHideAreRefusedWithTheReason) {
  const std::string long_part(256, 'a');
  std::string long_key = "a";
  while (long_key.size() <= 1024) long_key += "/a";
  for (const std::string_view key :
       {""sv, "/etc/passwd"sv, ".."sv, "a/../../b"sv, "a/./b"sv, "a//b"sv, "a/"sv, "a\0b"sv,
        ".hidden"sv, "a/.tidemill-staging/b"sv, std::string_view(long_part),
        std::string_view(long_key)}) {
    const auto checked = check_key(key);
    ASSERT_FALSE(checked) << key;
    EXPECT_EQ(checked.error().fault, Fault::bad_event);
  }
}

TEST(ObjectKey, SplitsAtTheLastSlash) {
  EXPECT_EQ(split("a/b/c").folder, "a/b");
  EXPECT_EQ(split("a/b/c").name, "c");
  EXPECT_EQ(split("c").folder, "");
}

TEST(KeyFilter, AnEmptyFilterTakesAll) {
  EXPECT_TRUE(KeyFilter().matches("a"));
  EXPECT_TRUE(KeyFilter().may_match_below("any/where"));
}

TEST(KeyFilter, OneOfEachListMustFit) {
  const KeyFilter filter({"in/", "more"}, {".jpg", ".png"});
  EXPECT_TRUE(filter.matches("in/a.jpg"));
  EXPECT_TRUE(filter.matches("more.png"));
  EXPECT_FALSE(filter.matches("in/a.JPG"));
  EXPECT_FALSE(filter.matches("out/a.jpg"));
}

TEST(KeyFilter, FoldersThatCannotHoldAMatchAreKnown) {
  const KeyFilter filter({"in/photos"}, {});
  EXPECT_TRUE(filter.may_match_below(""));
  EXPECT_TRUE(filter.may_match_below("in"));
  EXPECT_TRUE(filter.may_match_below("in/photos-2"));
  EXPECT_FALSE(filter.may_match_below("in/pho"));
  EXPECT_FALSE(filter.may_match_below("out"));
}

}  // namespace
}  // namespace tidemill::bucket

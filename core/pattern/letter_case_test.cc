#include "core/pattern/letter_case.h"

#include <gtest/gtest.h>

namespace tidemill::pattern {
namespace {

TEST(LetterCase, LettersOfEveryAlphabetLoseTheirCase) {
  EXPECT_EQ(folded("Abc XYZ 09 @[`{"), "abc xyz 09 @[`{");
  EXPECT_EQ(folded("ÄÖÜ"), folded("äöü"));
  EXPECT_EQ(folded("ЖУК"), "жук");
  EXPECT_EQ(folded("ΣΟΦΟΣ"), folded("σοφος"));
  EXPECT_EQ(folded("σοφός"), folded("σοφόσ"));  // the sigma that ends a word
  EXPECT_EQ(folded("𐐀"), "𐐨");
}

TEST(LetterCase, ALetterMayChangeItsLength) {
  EXPECT_EQ(folded("Ⱥ"), "ⱥ");
  EXPECT_EQ(folded("\u212A"), "k");  // the sign for kelvin
}

TEST(LetterCase, WhatHasNoCaseStays) {
  EXPECT_EQ(folded("日本語"), "日本語");
  EXPECT_EQ(folded("ß"), "ß");
  EXPECT_EQ(folded(""), "");
}

TEST(LetterCase, BytesThatAreNoTextStay) {
  for (const std::string_view bytes :
       {"\xff\xfe", "\xc3", "\xe2\x82", "\xc0\xaf", "\xf5\x80\x80\x80", "\xe0\x80\x80",
        "\xf0\x80\x80\x80", "\x80"}) {
    EXPECT_EQ(folded(bytes), bytes);
  }
  EXPECT_EQ(folded("A\xff"
                   "B"),
            "a\xff"
            "b");
}

}  // namespace
}  // namespace tidemill::pattern

#include "start_rule.h"

#include <gtest/gtest.h>

namespace tidemill::kafka {
namespace {

TEST(ParseStart, TakesTwoWordsAndInstants) {
  EXPECT_EQ(parse_start("earliest")->at, StartRule::At::earliest);
  EXPECT_EQ(parse_start("latest")->at, StartRule::At::latest);
  EXPECT_EQ(parse_start("1970-01-02T00:00:01Z")->since_epoch.count(), 86'401'000);
  EXPECT_EQ(parse_start("2026-01-31T12:00:00Z")->since_epoch.count(), 1'769'860'800'000);
}

TEST(ParseStart, RefusesWhatIsNoInstant) {
  for (const char* const text :
       {"", "first", "2026-01-31", "2026-02-30T12:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T12:00:0xZ", "2026-01-31T12:00:-1Z", "1969-12-31T23:59:59Z",
        "2026-01-31T12:00:00+"})
    EXPECT_FALSE(parse_start(text)) << text;
}

constexpr Known known{
    .own = {}, .group = {}, .group_is_ours = false, .begin = 10, .end = 100, .start = 10};

TEST(PlaceOf, ANewPartitionBeginsWhereItIsToldTo) {
  EXPECT_EQ(place_of(known)->offset, 10);
  Known latest = known;
  latest.start = 100;
  EXPECT_EQ(place_of(latest)->offset, 100);
}

TEST(PlaceOf, TheGroupKnowsBetterThanTheStart) {
  Known one = known;
  one.group = 40;
  EXPECT_EQ(place_of(one)->offset, 40);
}

TEST(PlaceOf, TheStateKnowsBetterThanAGroupThatIsBehindIt) {
  Known one = known;
  one.own = 50;
  EXPECT_EQ(place_of(one)->offset, 50);
  one.group = 40;
  EXPECT_EQ(place_of(one)->offset, 50);
}

TEST(PlaceOf, WhatAnotherEngineHasSettledIsNotReadAgain) {
  Known one = known;
  one.own = 50;
  one.group = 60;
  EXPECT_EQ(place_of(one)->offset, 60);
}

TEST(PlaceOf, AFolderThatWasSetBackReadsAgainWhatItHasForgotten) {
  Known one = known;
  one.own = 50;
  one.group = 60;
  one.group_is_ours = true;
  EXPECT_EQ(place_of(one)->offset, 50);
}

TEST(PlaceOf, SaysHowMuchWasDeletedBeforeItWasRead) {
  Known one = known;
  one.own = 3;
  EXPECT_EQ(place_of(one)->offset, 10);
  EXPECT_EQ(place_of(one)->lost, 7);
}

TEST(PlaceOf, ATopicThatEndsBeforeItsProgressIsForAPerson) {
  Known one = known;
  one.own = 101;
  ASSERT_FALSE(place_of(one));
  EXPECT_EQ(place_of(one).error().fault, Fault::bad_config);
}

TEST(DropAnotherTopicsOffset, OnlyWhereNothingElseIsKnown) {
  Known one = known;
  one.group = 101;
  EXPECT_TRUE(drop_another_topics_offset(one));
  EXPECT_EQ(place_of(one)->offset, 10);
  one.group = 100;
  EXPECT_FALSE(drop_another_topics_offset(one));
  EXPECT_EQ(place_of(one)->offset, 100);
  one.group = 101;
  one.own = 50;
  EXPECT_FALSE(drop_another_topics_offset(one));
  EXPECT_FALSE(place_of(one));
}

TEST(CommitMark, IsOfOneEngineInAnyOfItsLives) {
  EXPECT_EQ(commit_mark("abc", 7), "tidemill/abc/7");
  EXPECT_TRUE(is_mark_of("tidemill/abc/7", "abc"));
  EXPECT_TRUE(is_mark_of("tidemill/abc/12", "abc"));
  EXPECT_FALSE(is_mark_of("tidemill/abcd/7", "abc"));
  EXPECT_FALSE(is_mark_of("abc/7", "abc"));
  EXPECT_FALSE(is_mark_of("", "abc"));
  EXPECT_FALSE(is_mark_of("tidemill//7", ""));
}

}  // namespace
}  // namespace tidemill::kafka

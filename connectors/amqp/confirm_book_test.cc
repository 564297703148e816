#include "confirm_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::amqp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConfirmBookTest : public ::testing::Test {
 protected:
  void publish(std::initializer_list<const char*> ids) {
    for (const char* id : ids) book_.publish(id, id);
  }
  std::vector<std::string> confirm(std::uint64_t tag, bool multiple) {
    std::vector<std::string> told;
    book_.confirm(tag, multiple, [&](const auto& entry) {
      told.push_back(entry.returned.empty() ? entry.waiter : entry.waiter + ": " + entry.returned);
    });
    return told;
  }

  ConfirmBook<std::string> book_;
};

TEST_F(ConfirmBookTest, OneIsConfirmedOrAllUpToIt) {
  publish({"a", "b", "c", "d"});

  EXPECT_THAT(confirm(2, false), ElementsAre("b"));
  EXPECT_THAT(confirm(3, true), ElementsAre("a", "c"));
  EXPECT_THAT(confirm(4, false), ElementsAre("d"));
  EXPECT_TRUE(book_.empty());
}

TEST_F(ConfirmBookTest, WhatIsConfirmedTwiceOrWasNeverPublishedIsNobodys) {
  publish({"a"});
  EXPECT_THAT(confirm(1, false), ElementsAre("a"));

  EXPECT_THAT(confirm(1, false), IsEmpty());
  EXPECT_THAT(confirm(2, true), IsEmpty());
  EXPECT_THAT(confirm(0, true), IsEmpty());
}

TEST_F(ConfirmBookTest, WhatWasReturnedIsKnownWhenItIsConfirmed) {
  publish({"a", "b", "b"});
  book_.give_back("b", "no queue");
  book_.give_back("x", "nobody's");

  EXPECT_THAT(confirm(3, true), ElementsAre("a", "b: no queue", "b"));
}

TEST_F(ConfirmBookTest, AnotherConnectionCountsFromOneAgain) {
  publish({"a", "b", "c"});
  confirm(2, false);
  std::vector<std::string> lost;
  book_.abandon([&](const auto& entry) { lost.push_back(entry.waiter); });
  EXPECT_THAT(lost, ElementsAre("a", "c"));

  publish({"d"});
  EXPECT_THAT(confirm(1, false), ElementsAre("d"));
}

}  // namespace
}  // namespace tidemill::amqp

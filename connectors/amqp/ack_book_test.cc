#include "ack_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <set>

namespace tidemill::amqp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

AckBook book_of(std::uint64_t deliveries) {
  AckBook book;
  for (std::uint64_t tag = 1; tag <= deliveries; ++tag) EXPECT_TRUE(book.deliver(tag));
  return book;
}

void settle(AckBook& book, std::initializer_list<std::uint64_t> tags) {
  for (const std::uint64_t tag : tags) book.settle(tag);
}

TEST(AckBook, WhatIsDoneFromTheFirstOnIsToldInOneWord) {
  AckBook book = book_of(5);
  settle(book, {2, 1, 3});

  const auto acks = book.take();

  EXPECT_EQ(acks.up_to, 3U);
  EXPECT_THAT(acks.single, IsEmpty());
  EXPECT_EQ(book.held(), 2U);
}

TEST(AckBook, WhatIsDoneBeyondAHoleIsToldOneByOne) {
  AckBook book = book_of(5);
  settle(book, {1, 3, 5});

  const auto acks = book.take();

  EXPECT_EQ(acks.up_to, 1U);
  EXPECT_THAT(acks.single, ElementsAre(3, 5));
}

TEST(AckBook, AClosedHoleIsToldByItselfAndNeverByATagThatWasToldBefore) {
  AckBook book = book_of(5);
  settle(book, {2, 3, 5});
  EXPECT_THAT(book.take().single, ElementsAre(2, 3, 5));
  settle(book, {1});

  const auto acks = book.take();

  EXPECT_EQ(acks.up_to, 1U);
  EXPECT_THAT(acks.single, IsEmpty());
  settle(book, {4});
  EXPECT_EQ(book.take().up_to, 4U);
  EXPECT_EQ(book.held(), 0U);
}

TEST(AckBook, WhatWasGivenBackIsNotAcknowledged) {
  AckBook book = book_of(3);
  EXPECT_TRUE(book.end(1));
  EXPECT_FALSE(book.end(1));
  settle(book, {1, 2});

  EXPECT_EQ(book.take().up_to, 2U);
  EXPECT_EQ(book.held(), 1U);
}

TEST(AckBook, NothingIsToldTwiceNorOfWhatNobodyWaitsFor) {
  AckBook book = book_of(2);
  settle(book, {1, 1, 7, 0});
  EXPECT_EQ(book.take().up_to, 1U);
  settle(book, {1});

  const auto acks = book.take();

  EXPECT_FALSE(acks.up_to);
  EXPECT_THAT(acks.single, IsEmpty());
}

TEST(AckBook, ATagThatIsNotTheNextIsRefused) {
  AckBook book = book_of(2);

  EXPECT_FALSE(book.deliver(2));
  EXPECT_FALSE(book.deliver(4));
  EXPECT_TRUE(book.deliver(3));
  EXPECT_EQ(book.last(), 3U);
}

// As a broker reads acknowledgements: it refuses a tag that it does not wait for.
class Broker {
 public:
  explicit Broker(std::uint64_t deliveries) {
    for (std::uint64_t tag = 1; tag <= deliveries; ++tag) waits_.insert(tag);
  }

  void hear(const AckBook::Acks& acks) {
    if (acks.up_to) {
      EXPECT_TRUE(waits_.contains(*acks.up_to));
      waits_.erase(waits_.begin(), waits_.upper_bound(*acks.up_to));
    }
    for (const std::uint64_t tag : acks.single) EXPECT_EQ(waits_.erase(tag), 1U);
  }

  const std::set<std::uint64_t>& waits() const { return waits_; }

 private:
  std::set<std::uint64_t> waits_;
};

TEST(AckBook, InAnyOrderEachIsAcknowledgedOnceAndNoneBeforeItIsDone) {
  constexpr std::uint64_t count = 61;
  for (const std::uint64_t step : {1U, 7U, 13U, 37U, 60U}) {
    AckBook book = book_of(count);
    Broker broker(count);
    std::set<std::uint64_t> done;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t tag = i * step % count + 1;
      book.settle(tag);
      done.insert(tag);
      if (i % 3 == 2) broker.hear(book.take());
      for (const std::uint64_t one : done) EXPECT_TRUE(i % 3 != 2 || !broker.waits().contains(one));
      EXPECT_GE(broker.waits().size() + done.size(), count);
    }
    broker.hear(book.take());
    EXPECT_THAT(broker.waits(), IsEmpty());
  }
}

}  // namespace
}  // namespace tidemill::amqp

#include "core/worker/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <unistd.h>

#include <algorithm>
#include <thread>

namespace tidemill::worker {
namespace {

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() : channel_(*Channel::create(1 << 20)) {}

  Channel attached() { return *Channel::attach(Descriptor(dup(channel_.descriptor()))); }

  Channel channel_;
  WakePipe wake_worker_ = *WakePipe::create();
  WakePipe wake_engine_ = *WakePipe::create();
  Port engine_{channel_.to_worker(), channel_.to_engine(), wake_worker_.writes.get(),
               wake_engine_.reads.get()};
  Port worker_{channel_.to_engine(), channel_.to_worker(), wake_engine_.writes.get(),
               wake_worker_.reads.get()};
};

TEST_F(ChannelTest, BothSidesSeeTheSameAreas) {
  const Channel other = attached();
  channel_.request()[5] = 'r';
  other.answer()[6] = 'a';
  other.call()[7] = 'c';
  EXPECT_EQ(other.request()[5], 'r');
  EXPECT_EQ(channel_.answer()[6], 'a');
  EXPECT_EQ(channel_.call()[7], 'c');
  EXPECT_GE(other.request().size(), std::size_t{1} << 20);
}

TEST_F(ChannelTest, ItsSizeIsSealed) {
  EXPECT_NE(ftruncate(channel_.descriptor(), 4096), 0);
  EXPECT_NE(ftruncate(channel_.descriptor(), 1 << 30), 0);
}

TEST_F(ChannelTest, MemoryThatIsNoChannelIsRefused) {
  EXPECT_FALSE(Channel::attach(Descriptor()));
  EXPECT_FALSE(Channel::attach(Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))));
}

TEST_F(ChannelTest, TrimmingKeepsTheFirstMebibytesAndFreesTheRest) {
  Channel large = *Channel::create(64 << 20);
  std::ranges::fill(large.request(), 'x');
  const auto blocks = [&] {
    struct stat status{};
    fstat(large.descriptor(), &status);
    return status.st_blocks * 512;
  };
  EXPECT_GT(blocks(), 64 << 20);
  large.trim();
  EXPECT_LT(blocks(), 8 << 20);
  EXPECT_EQ(large.request()[0], 'x');
  EXPECT_EQ(large.request()[63 << 20], '\0');
}

TEST_F(ChannelTest, AMessageIsTakenOnce) {
  EXPECT_FALSE(worker_.take());
  engine_.post({.word = Word::invoke, .bytes = 7, .number = 3});
  EXPECT_FALSE(engine_.other_took());
  const auto message = worker_.take();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->word, Word::invoke);
  EXPECT_EQ(message->bytes, 7u);
  EXPECT_EQ(message->number, 3u);
  EXPECT_TRUE(engine_.other_took());
  EXPECT_FALSE(worker_.take());
}

TEST_F(ChannelTest, AMessageOutOfTurnSaysNothing) {
  engine_.post({.word = Word::invoke});
  engine_.post({.word = Word::invoke});
  const auto message = worker_.take();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->word, Word::none);
}

TEST_F(ChannelTest, NobodySleepsThroughAMessage) {
  engine_.post({.word = Word::invoke});
  EXPECT_FALSE(worker_.may_sleep());
  EXPECT_TRUE(worker_.take());
  EXPECT_TRUE(worker_.may_sleep());
  engine_.post({.word = Word::quit});
  EXPECT_EQ(worker_.wait().word, Word::quit);
}

TEST_F(ChannelTest, APipeThatIsFullHoldsNobodyUp) {
  const std::uint64_t one = 1;
  while (write(wake_worker_.writes.get(), &one, sizeof one) == sizeof one) continue;
  EXPECT_TRUE(worker_.may_sleep());
  engine_.post({.word = Word::quit});
  EXPECT_EQ(worker_.wait().word, Word::quit);
}

TEST_F(ChannelTest, SpeaksAndAnswersManyTimes) {
  constexpr std::uint64_t rounds = 20'000;
  std::jthread other([&] {
    for (std::uint64_t i = 0; i < rounds; ++i) {
      const Message message = worker_.wait();
      worker_.post({.word = Word::answer, .number = message.number + 1});
    }
  });
  for (std::uint64_t i = 0; i < rounds; ++i) {
    engine_.post({.word = Word::invoke, .number = i});
    ASSERT_EQ(engine_.wait().number, i + 1);
  }
}

}  // namespace
}  // namespace tidemill::worker

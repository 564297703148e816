#include "core/dispatch/tap.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "core/pattern/compile.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace std::chrono_literals;

// Virtual time that passes only when the test says so.
class SettableScheduler final : public Scheduler {
 public:
  Executor executor() override { return inner_.executor(); }
  Executor blocking() override { return inner_.blocking(); }
  Instant now() const override { return now_; }
  WallTime wall() const override { return inner_.wall(); }
  std::uint64_t random() override { return inner_.random(); }
  TimerId call_at(Instant when, Callback callback) override {
    return inner_.call_at(when, std::move(callback));
  }
  void cancel(TimerId timer) override { inner_.cancel(timer); }
  void pass(Duration time) { now_ += time; }

 private:
  testing::VirtualScheduler inner_;
  Instant now_{};
};

class TapTest : public ::testing::Test {
 protected:
  TapTest() { board_.of("p"); }

  std::unique_ptr<Tap> open(TapOptions options = {}) {
    return std::move(board_.open("p", std::move(options)).value());
  }

  // As a pipeline shows a batch; looking at each event takes `each_takes`.
  void show(const std::vector<std::string>& events, Duration each_takes = Duration(0)) {
    PipelineTaps& taps = board_.of("p");
    if (!taps.any(TapPoint::source)) return;
    taps.each(TapPoint::source, [&](Tap& tap) {
      for (const std::string& data : events) {
        Event event;
        event.data = Bytes::forever(data);
        tap.offer(event, [&](std::size_t) {
          scheduler_.pass(each_takes);
          ++lines_made_;
          return data;
        });
      }
    });
  }

  static std::vector<std::string> all_of(Tap& tap) {
    std::vector<std::string> lines;
    while (auto line = tap.take()) lines.push_back(std::move(*line));
    return lines;
  }

  SettableScheduler scheduler_;
  TapBoard board_{scheduler_};
  int lines_made_ = 0;
};

TEST_F(TapTest, KeepsWhatItIsShownInOrder) {
  const auto tap = open();
  show({"a", "b"});
  show({"c"});

  EXPECT_THAT(all_of(*tap), ElementsAre("a", "b", "c"));
  EXPECT_EQ(tap->take_dropped(), 0u);
}

TEST_F(TapTest, ATapThatIsClosedLeavesNothingBehind) {
  auto tap = open();
  EXPECT_TRUE(board_.of("p").any(TapPoint::source));
  EXPECT_FALSE(board_.of("p").any(TapPoint::sinks));
  tap.reset();

  EXPECT_FALSE(board_.of("p").any(TapPoint::source));
  show({"a"});
  EXPECT_EQ(lines_made_, 0);
}

TEST_F(TapTest, WhatNobodyFetchesIsBoundedAndTheRestIsCounted) {
  const auto tap = open();
  for (std::size_t i = 0; i < Tap::lines_max + 30; ++i) show({"x"});

  EXPECT_EQ(lines_made_, static_cast<int>(Tap::lines_max)) << "no line is made in vain";
  EXPECT_EQ(tap->take_dropped(), 30u);
  EXPECT_EQ(tap->take_dropped(), 0u) << "told once";
  EXPECT_THAT(all_of(*tap), SizeIs(Tap::lines_max));
  show({"y"});
  EXPECT_THAT(all_of(*tap), ElementsAre("y"));
}

TEST_F(TapTest, BytesAreBoundedAsWellButOneLineAlwaysFits) {
  const auto tap = open();
  show({std::string(2 * Tap::bytes_max, 'x')});
  show({"y"});

  EXPECT_THAT(all_of(*tap), ElementsAre(SizeIs(2 * Tap::bytes_max)));
  EXPECT_EQ(tap->take_dropped(), 1u);
}

TEST_F(TapTest, TakesNoMoreThanItsShareOfTheTime) {
  const auto tap = open();
  Duration spent(0);
  for (int second = 0; second < 10; ++second) {
    const int before = lines_made_;
    for (int batch = 0; batch < 1000; ++batch) {
      show(std::vector<std::string>(10, "x"), 100us);
      scheduler_.pass(1ms);
    }
    spent += (lines_made_ - before) * 100us;
    all_of(*tap);
  }
  // Beside the work of ten seconds; one look may go beyond what was left.
  EXPECT_LE(spent, (10s + spent) / Tap::time_share + Tap::time_saved_max + 100us);
  EXPECT_GE(spent, 10s / Tap::time_share / 2) << "but what it may, it does";
  EXPECT_EQ(tap->take_dropped() + static_cast<std::uint64_t>(lines_made_), 100'000u);
}

TEST_F(TapTest, ShowsOnlyWhatThePatternMatches) {
  const auto pattern = pattern::compile(R"({"data": {"n": [2]}})");
  ASSERT_TRUE(pattern);
  TapOptions options;
  options.where.emplace(std::span(&*pattern, 1));
  const auto tap = open(std::move(options));
  show({R"({"n":1})", R"({"n":2})", "no json"});

  EXPECT_THAT(all_of(*tap), ElementsAre(R"({"n":2})"));
  EXPECT_EQ(tap->take_dropped(), 0u) << "what is not wanted is not missed";
}

TEST_F(TapTest, ASampleIsOneInSoMany) {
  const auto tap = open({.sample = 10});
  for (int i = 0; i < 500; ++i) show({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"});

  const auto lines = all_of(*tap);
  EXPECT_GT(lines.size(), 400u);
  EXPECT_LT(lines.size(), 600u);
  EXPECT_EQ(tap->take_dropped(), 0u);
}

TEST_F(TapTest, ARateIsNotExceeded) {
  const auto tap = open({.rate = 10});
  for (int i = 0; i < 10'000; ++i) {
    scheduler_.pass(1ms);
    show({"x"});
  }

  EXPECT_THAT(all_of(*tap), SizeIs(::testing::AllOf(::testing::Ge(99u), ::testing::Le(101u))));
}

TEST_F(TapTest, ASlowRateIsNotExceededEither) {
  const auto tap = open({.rate = 0.5});
  for (int i = 0; i < 100; ++i) {
    show({"x"});
    scheduler_.pass(100ms);
  }

  EXPECT_THAT(all_of(*tap), SizeIs(::testing::AllOf(::testing::Ge(5u), ::testing::Le(6u))));
}

TEST_F(TapTest, ThereAreOnlySoMany) {
  std::vector<std::unique_ptr<Tap>> taps;
  for (std::size_t i = 0; i < TapBoard::taps_max; ++i) taps.push_back(open());
  const auto refused = board_.open("p", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::throttled);
  taps.pop_back();

  EXPECT_TRUE(board_.open("p", {}));
}

TEST_F(TapTest, APipelineThatIsNotThereIsAnErrorThatNamesThoseThatAre) {
  const auto refused = board_.open("q", {});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::bad_config);
  EXPECT_THAT(refused.error().message, HasSubstr("there are: p"));
}

TEST_F(TapTest, WhatWasTakenBeforeTheEndCanStillBeFetched) {
  const auto tap = open();
  show({"a"});
  board_.close();
  show({"b"});

  EXPECT_TRUE(tap->closed());
  EXPECT_THAT(all_of(*tap), ElementsAre("a"));
  EXPECT_FALSE(board_.open("p", {})) << "and nobody opens another";
}

}  // namespace
}  // namespace tidemill

// PipelineRunner where whoever sent an event waits for what comes of it.
#include <gmock/gmock.h>

#include "core/dispatch/testing/runner_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class RepliesTest : public testing::PipelineRunnerTest {
 protected:
  RepliesTest() {
    source_.progress = ProgressKind::queue;
    source_.replies = true;
    invoker_.replies = true;
  }

  void remember() {
    config_.dedupe.by = DedupeBy::native;
    config_.dedupe.horizon = std::chrono::hours(1);
  }
};

TEST_F(RepliesTest, EachSenderIsToldItsOwn) {
  push({"a", "b"});

  run();

  EXPECT_THAT(source_.told, UnorderedElementsAre(Pair(0, "a"), Pair(1, "b")));
}

TEST_F(RepliesTest, WhatFailedForGoodIsToldToo) {
  config_.retry.attempts = 2;
  invoker_.fails = [](std::string_view data, std::uint32_t) {
    return data == "b" ? std::optional(Error{Fault::transient, "no such user"}) : std::nullopt;
  };
  push({"a", "b"});

  run();

  EXPECT_THAT(source_.told, UnorderedElementsAre(Pair(0, "a"), Pair(1, "failed: no such user")));
}

TEST_F(RepliesTest, ASourceWhoseSendersDoNotWaitHearsNothing) {
  source_.replies = false;
  push({"a"});

  run();

  EXPECT_THAT(source_.told, IsEmpty());
  EXPECT_THAT(source_.settled, ElementsAre(0));
}

TEST_F(RepliesTest, ARepeatIsToldWhatTheFirstWas) {
  remember();
  source_.push("once", 0, "id");
  source_.push("again", 0, "id");

  run();

  EXPECT_EQ(invoker_.calls.size(), 1u);
  EXPECT_THAT(source_.told, UnorderedElementsAre(Pair(0, "once"), Pair(1, "once")));
}

TEST_F(RepliesTest, ARepeatInALaterLifeIsToldTheSame) {
  remember();
  invoker_.fails = [](std::string_view data, std::uint32_t) {
    return data == "poison" ? std::optional(Error{Fault::bad_event, "no"}) : std::nullopt;
  };
  source_.push("once", 0, "id");
  source_.push("poison", 0, "other");
  run();
  source_.restart();
  source_.told.clear();
  source_.push("again", 0, "id");
  source_.push("again", 0, "other");

  run();

  EXPECT_EQ(invoker_.calls.size(), 1u);
  EXPECT_THAT(source_.told, UnorderedElementsAre(Pair(0, "once"), Pair(1, "failed: no")));
}

TEST_F(RepliesTest, RepeatsBehindAKeyThatWaitsAreToldTheirOwn) {
  remember();
  config_.order_by = OrderBy::key;
  config_.retry.attempts = 10;
  for (const char* id : {"1", "2", "3"}) source_.push(id, 0, id);
  run();
  source_.restart();
  source_.told.clear();
  // What comes first waits in back-off, and holds up the repeat of its own key alone.
  const auto push = [this](const char* data, const char* id, const char* key) {
    source_.push(data, 0, id);
    source_.waiting.back().key = key;
  };
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) {
    return data == "busy" && attempt < 3 ? std::optional(Error{Fault::transient, "busy"})
                                         : std::nullopt;
  };
  config_.retry.backoff.initial = std::chrono::seconds(1);
  config_.parallel.batches = 1;  // One slice for all keys.
  source_.ends = false;
  push("busy", "4", "k");
  scheduler_.call_at(scheduler_.now() + std::chrono::milliseconds(500), [this, push] {
    push("again", "1", "k");
    push("again", "2", "l");
    push("again", "3", "k");
    source_.ends = true;
  });

  run();

  EXPECT_THAT(source_.told,
              UnorderedElementsAre(Pair(0, "busy"), Pair(1, "1"), Pair(2, "2"), Pair(3, "3")));
}

TEST_F(RepliesTest, WhatChangesNothingNeedsNoWrite) {
  bindings_.clear();
  push({"a"});

  run();

  EXPECT_THAT(source_.told, ElementsAre(Pair(0, "a")));
  EXPECT_EQ(sequencer_.stats().groups, 0u);
}

}  // namespace
}  // namespace tidemill

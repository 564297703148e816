// The ids under which sinks write messages: the same at every repeat, and never another's.
#include <gmock/gmock.h>

#include "core/dispatch/testing/runner_fixture.h"

namespace tidemill::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Ne;
using namespace std::chrono_literals;

class MessageId : public PipelineRunnerTest {
 protected:
  MessageId() {
    with_function_ = false;
    messages_.takes = Takes::event;
    bindings_ = {messages_};
    config_.life = "e-1";
  }

  /// As a restart of the engine does it.
  void live_again() {
    runner_.reset();
    result_.reset();
    source_.restart();
    config_.life = "e-2";
  }
};

TEST_F(MessageId, OfALogIsTheSameWhenItsEventsComeAgainAfterARestart) {
  source_.push("a");
  run();
  live_again();
  source_.push("a");
  run();

  EXPECT_THAT(sink_.ids, ElementsAre("p:out:fake/0@0#0", "p:out:fake/0@0#0"));
}

TEST_F(MessageId, OfAQueueIsNotThatOfAnotherEventInAnEarlierLife) {
  source_.progress = ProgressKind::queue;
  source_.push("a");
  run();
  live_again();
  source_.push("b");
  run();

  EXPECT_THAT(sink_.ids, ElementsAre("p:out:fake#e-1.0@0#0", "p:out:fake#e-2.0@0#0"));
}

TEST_F(MessageId, FollowsTheIdThatAQueueKnowsItsEventBy) {
  source_.progress = ProgressKind::queue;
  source_.push("a", 0, "m-1");
  run();
  live_again();
  source_.push("other", 0, "m-2");
  source_.push("a", 0, "m-1");
  run();

  EXPECT_THAT(sink_.ids, ElementsAre("p:out:fake#m-1#0", "p:out:fake#m-2#0", "p:out:fake#m-1#0"));
}

TEST_F(MessageId, TellsTheSinksOfAPipelineApart) {
  SinkBinding second = messages_;
  second.name = "second";
  bindings_.push_back(second);
  source_.push("a");
  run();

  EXPECT_THAT(sink_.ids, ElementsAre("p:out:fake/0@0#0", "p:second:fake/0@0#0"));
}

TEST_F(MessageId, StaysTheSameWhileAnEffectOfAQueueWaitsInItsOutboxOverARestart) {
  source_.progress = ProgressKind::queue;
  bindings_[0].delivery = Delivery::queue;
  bindings_[0].outbox = OutboxId(1);
  bindings_[0].retry.attempts = 1000;
  sink_.answers_with = [&](std::string_view, int) -> Result<> {
    if (config_.life == "e-1") return fail(Fault::transient, "down");
    return {};
  };
  source_.push("a");
  start();
  scheduler_.call_at(scheduler_.now() + 10s, [&] { runner_->drain(); });
  scheduler_.run();
  live_again();
  run();

  ASSERT_FALSE(sink_.ids.empty());
  EXPECT_THAT(sink_.ids, ::testing::Each("p:out:fake#e-1.0@0#0"));
  EXPECT_THAT(sink_.received, ElementsAre("a"));
}

TEST(EffectId, NoTwoEventsShareOneWhateverTheirSourcesAndIdsSay) {
  const auto id_of = [](std::string_view source, std::string_view id) {
    Event event;
    event.source = source;
    event.id = id;
    const Effect effect;
    return effect_id(
        {.pipeline = "p", .sink = "s", .life = {}, .events = {&event, 1}, .effects = {&effect, 1}},
        effect);
  };

  EXPECT_EQ(id_of("a", "b"), "p:s:a#b#0");
  EXPECT_THAT(id_of("a#b", "c"), Ne(id_of("a", "b#c")));
  EXPECT_THAT(id_of("a", "%23"), Ne(id_of("a", "#")));
}

}  // namespace
}  // namespace tidemill::testing

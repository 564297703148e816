#include "core/dispatch/commit_sequencer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <utility>

#include "core/dispatch/testing/fake_store.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

const Instant t0{};

// Where each write takes its time.
struct SlowDisk {
  Scheduler* scheduler;
  Duration::rep takes;  // Not a Duration, whose comparison may throw: executors must not.

  template <class Handler>
  void execute(Handler handler) const {
    scheduler->call_at(scheduler->now() + Duration(takes), std::move(handler));
  }
  boost::asio::execution_context& query(boost::asio::execution::context_t what) const {
    return boost::asio::query(scheduler->executor(), what);
  }
  static constexpr boost::asio::execution::blocking_t query(
      boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  SlowDisk require(boost::asio::execution::blocking_t::never_t) const { return *this; }
  friend bool operator==(const SlowDisk&, const SlowDisk&) = default;
};

// Commits single-part groups named by their pipeline id, and remembers what was answered.
class CommitSequencerTest : public ::testing::Test {
 protected:
  ~CommitSequencerTest() override { scheduler_.abandon(); }

  Task<> commit(std::uint32_t id) {
    const CommitPart part{.pipeline = PipelineId(id)};
    const auto committed = co_await sequencer_.commit(part, durability_);
    answers_.emplace_back(id, committed ? "" : committed.error().message);
  }

  void start(std::uint32_t id) {
    boost::asio::co_spawn(scheduler_.executor(), commit(id), boost::asio::detached);
  }

  std::vector<std::vector<std::uint32_t>> groups() const {
    std::vector<std::vector<std::uint32_t>> groups;
    for (const auto& group : store_.groups) {
      groups.emplace_back();
      for (const CommitPart& part : group) groups.back().push_back(part.pipeline.value);
    }
    return groups;
  }

  testing::VirtualScheduler scheduler_;
  testing::FakeStore store_;
  CommitSequencer sequencer_{scheduler_, store_, scheduler_.blocking()};
  Durability durability_ = Durability::sync;
  std::vector<std::pair<std::uint32_t, std::string>> answers_;
};

TEST_F(CommitSequencerTest, ALoneCommitIsWrittenAtOnce) {
  start(1);
  scheduler_.run();

  EXPECT_THAT(groups(), ElementsAre(ElementsAre(1)));
  EXPECT_THAT(answers_, ElementsAre(std::pair(1u, std::string())));
  EXPECT_EQ(sequencer_.stats().commits, 1u);
  EXPECT_EQ(sequencer_.stats().groups, 1u);
}

TEST_F(CommitSequencerTest, WhatArrivesDuringAWriteBecomesTheNextGroup) {
  store_.on_commit = [&] {
    if (store_.groups.size() != 1) return;
    for (const std::uint32_t id : {2u, 3u, 4u}) start(id);
    // The pool is busy with this write; the executor takes the new commits meanwhile.
    for (int i = 0; i < 3; ++i) scheduler_.step();
  };
  start(1);
  scheduler_.run();

  EXPECT_THAT(groups(), ElementsAre(ElementsAre(1), ElementsAre(2, 3, 4)));
  EXPECT_THAT(answers_, SizeIs(4));
  EXPECT_EQ(sequencer_.stats().commits, 4u);
  EXPECT_EQ(sequencer_.stats().groups, 2u);
}

TEST_F(CommitSequencerTest, NobodyIsAnsweredBeforeTheWriteReturned) {
  store_.on_commit = [&] { EXPECT_THAT(answers_, IsEmpty()); };
  start(1);
  scheduler_.run();

  EXPECT_THAT(answers_, SizeIs(1));
}

Task<> arrive(CommitSequencer& to, std::uint32_t id, std::vector<std::uint32_t>& order) {
  order.push_back(id);
  const CommitPart part{.pipeline = PipelineId(id)};
  std::ignore = co_await to.commit(part, Durability::sync);
}

TEST_F(CommitSequencerTest, GroupsKeepTheOrderOfArrivalWhateverRunsFirst) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    testing::VirtualScheduler scheduler(seed, testing::Order::shuffled);
    testing::FakeStore store;
    CommitSequencer sequencer(scheduler, store, scheduler.blocking());
    std::vector<std::uint32_t> arrived;
    for (std::uint32_t id = 0; id < 20; ++id)
      boost::asio::co_spawn(scheduler.executor(), arrive(sequencer, id, arrived),
                            boost::asio::detached);
    scheduler.run();

    std::vector<std::uint32_t> written;
    for (const auto& group : store.groups)
      for (const CommitPart& part : group) written.push_back(part.pipeline.value);
    EXPECT_EQ(written, arrived) << "seed " << seed;
  }
}

TEST_F(CommitSequencerTest, AFailedWriteAnswersItsGroupTheWaitingAndAllLaterCommits) {
  store_.on_commit = [&] {
    store_.failure = Error{Fault::transient, "disk full"};
    start(3);
    scheduler_.step();
  };
  start(1);
  start(2);
  scheduler_.run();
  store_.on_commit = nullptr;
  store_.failure.reset();
  start(4);
  scheduler_.run();

  ASSERT_THAT(answers_, SizeIs(4));
  for (const auto& [id, message] : answers_) EXPECT_EQ(message, "disk full") << id;
  EXPECT_THAT(groups(), IsEmpty()) << "nothing is written after a failure";
  EXPECT_EQ(store_.calls, 1u);
  ASSERT_TRUE(sequencer_.failure().has_value());
  EXPECT_EQ(sequencer_.stats().commits, 0u);
}

TEST_F(CommitSequencerTest, AGroupWithOnePartThatAsksForItIsSynced) {
  store_.on_commit = [&] {
    if (store_.groups.size() != 1) return;
    durability_ = Durability::periodic;
    start(2);
    scheduler_.step();
    durability_ = Durability::sync;
    start(3);
    scheduler_.step();
    durability_ = Durability::periodic;
    start(4);
    scheduler_.step();
  };
  start(1);
  scheduler_.run();

  EXPECT_THAT(groups(), ElementsAre(ElementsAre(1), ElementsAre(2, 3, 4)));
  EXPECT_THAT(store_.durabilities, ElementsAre(Durability::sync, Durability::sync));
  EXPECT_EQ(sequencer_.durable(), 4u);
  EXPECT_EQ(scheduler_.now(), t0) << "nothing is left to sync";
}

TEST_F(CommitSequencerTest, PeriodicCommitsAreVisibleAtOnceAndDurableWithinASecond) {
  durability_ = Durability::periodic;
  start(1);
  scheduler_.call_at(t0 + 600ms, [&] { start(2); });
  scheduler_.call_at(t0 + 999ms, [&] {
    EXPECT_THAT(answers_, SizeIs(2));
    EXPECT_EQ(sequencer_.visible(), 2u);
    EXPECT_EQ(sequencer_.durable(), 0u);
  });
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), t0 + 1s) << "a second from the first, not from the last";
  EXPECT_EQ(sequencer_.durable(), 2u);
  EXPECT_EQ(sequencer_.stats().syncs, 1u);
  EXPECT_THAT(store_.durabilities, ElementsAre(Durability::periodic, Durability::periodic));
}

TEST_F(CommitSequencerTest, ASyncedGroupCoversThePeriodicOnesBeforeIt) {
  durability_ = Durability::periodic;
  start(1);
  scheduler_.call_at(t0 + 100ms, [&] {
    durability_ = Durability::sync;
    start(2);
  });
  scheduler_.run();

  EXPECT_EQ(sequencer_.durable(), 2u);
  EXPECT_EQ(sequencer_.stats().syncs, 0u);
}

Task<> commit_until(Scheduler& scheduler, CommitSequencer& to, Instant end) {
  const CommitPart part{.pipeline = PipelineId(1)};
  while (scheduler.now() < end) std::ignore = co_await to.commit(part, Durability::periodic);
}

// Two that take turns: whenever a write ends, another part waits.
TEST_F(CommitSequencerTest, CommitsThatNeverPauseAreDurableWithinASecondAndAWrite) {
  const Duration write = 10ms;
  CommitSequencer sequencer(scheduler_, store_, SlowDisk{&scheduler_, write.count()});
  spawn(scheduler_, commit_until(scheduler_, sequencer, t0 + 5s));
  scheduler_.call_at(t0 + 5ms,
                     [&] { spawn(scheduler_, commit_until(scheduler_, sequencer, t0 + 5s)); });
  Instant level = t0;
  while (scheduler_.now() < t0 + 5s && scheduler_.step()) {
    if (sequencer.durable() == sequencer.visible()) level = scheduler_.now();
    ASSERT_LE(scheduler_.now() - level, CommitSequencer::sync_every + 2 * write);
  }

  EXPECT_GT(sequencer.durable(), 100u);
  EXPECT_LE(std::ranges::count(store_.durabilities, Durability::sync), 5) << "and no oftener";
  scheduler_.abandon();
}

TEST_F(CommitSequencerTest, HurrySyncsWithTheGroupThatWaits) {
  durability_ = Durability::periodic;
  start(1);
  scheduler_.call_at(t0 + 100ms, [&] {
    start(2);
    scheduler_.step();
    sequencer_.hurry();
  });
  scheduler_.call_at(t0 + 200ms, [&] { start(3); });
  scheduler_.run_until([&] { return scheduler_.now() >= t0 + 300ms || sequencer_.visible() == 3; });

  EXPECT_EQ(sequencer_.durable(), 2u) << "what comes later is not hurried";
  EXPECT_EQ(sequencer_.stats().syncs, 0u);
}

TEST_F(CommitSequencerTest, HurrySyncsNow) {
  durability_ = Durability::periodic;
  start(1);
  scheduler_.call_at(t0 + 100ms, [&] { sequencer_.hurry(); });
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), t0 + 100ms);
  EXPECT_EQ(sequencer_.durable(), 1u);
}

TEST_F(CommitSequencerTest, HurryWithNothingToSyncDoesNothingNorHurriesWhatComesLater) {
  sequencer_.hurry();
  scheduler_.run();
  durability_ = Durability::periodic;
  start(1);
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), t0 + CommitSequencer::sync_every);
  EXPECT_EQ(sequencer_.stats().syncs, 1u);
}

TEST_F(CommitSequencerTest, ListenersHearWhenDurableGrowsAndWhenAWriteFails) {
  Signal listener(scheduler_);
  const auto ticket = sequencer_.subscribe(listener);
  durability_ = Durability::periodic;
  start(1);
  EXPECT_TRUE(scheduler_.run(listener.wait_until(t0 + 1h)));
  EXPECT_EQ(scheduler_.now(), t0 + 1s) << "a write without a sync is no news";
  store_.failure = Error{Fault::transient, "disk full"};
  start(2);
  EXPECT_TRUE(scheduler_.run(listener.wait_until(t0 + 1h)));
  EXPECT_TRUE(sequencer_.failure().has_value());
  sequencer_.unsubscribe(ticket);
  EXPECT_EQ(sequencer_.listeners(), 0u);
}

TEST_F(CommitSequencerTest, AReadIsStaleFromTheSubmissionOfTheChangeOn) {
  RowChange row;
  row.table = TableId(1);
  row.key = "a";
  const CommitPart part{.pipeline = PipelineId(1), .rows = {row}};
  const std::vector<RowRead> before = {{TableId(1), RowGuard::hash_of("a"), 0}};
  EXPECT_FALSE(sequencer_.stale(before));
  EXPECT_FALSE(sequencer_.stale({}));

  store_.on_commit = [&] { EXPECT_TRUE(sequencer_.stale(before)) << "though nobody sees it yet"; };
  EXPECT_EQ(scheduler_.run(sequencer_.commit(part, Durability::sync)), 1u);

  const std::vector<RowRead> after = {{TableId(1), RowGuard::hash_of("a"), sequencer_.visible()}};
  EXPECT_TRUE(sequencer_.stale(before));
  EXPECT_FALSE(sequencer_.stale(after));
}

TEST_F(CommitSequencerTest, RecoversOnceTheStoreOpensAndNumbersGoOn) {
  start(1);
  scheduler_.run();
  store_.failure = Error{Fault::transient, "disk full"};
  start(2);
  scheduler_.run();
  EXPECT_EQ(sequencer_.durable(), 1u);
  EXPECT_FALSE(scheduler_.run(sequencer_.recover()).has_value());
  EXPECT_TRUE(sequencer_.failure().has_value()) << "still full";

  store_.failure.reset();
  EXPECT_TRUE(scheduler_.run(sequencer_.recover()).has_value());
  EXPECT_FALSE(sequencer_.failure().has_value());
  EXPECT_EQ(sequencer_.durable(), 2u) << "whatever became of it, it is on the disk or nowhere";
  EXPECT_EQ(sequencer_.visible(), 2u);

  const CommitPart part{.pipeline = PipelineId(3)};
  EXPECT_EQ(scheduler_.run(sequencer_.commit(part, Durability::sync)), 3u);
  EXPECT_EQ(sequencer_.durable(), 3u);
}

TEST_F(CommitSequencerTest, AFailedSyncIsAFailedWrite) {
  durability_ = Durability::periodic;
  start(1);
  scheduler_.run_until([&] { return sequencer_.visible() == 1; });
  store_.failure = Error{Fault::transient, "disk full"};
  int told = 0;
  sequencer_.on_failure([&] { ++told; });
  scheduler_.run();

  EXPECT_TRUE(sequencer_.failure().has_value());
  EXPECT_EQ(sequencer_.durable(), 0u);
  EXPECT_EQ(told, 1) << "though nobody waits for a commit";
}

TEST_F(CommitSequencerTest, AnErrorOfTheStoreIsAFailedWriteOnlyIfTheStoreHasFailed) {
  const Error error{Fault::transient, "cannot drop what has expired"};
  sequencer_.look_at(error);
  EXPECT_FALSE(sequencer_.failure().has_value()) << "a damaged row concerns its pipeline alone";

  store_.failure = error;
  sequencer_.look_at(error);
  ASSERT_TRUE(sequencer_.failure().has_value());
  EXPECT_EQ(sequencer_.failure()->message, error.message);
}

Task<> hear(CommitSequencer& of, std::vector<std::uint64_t>& numbers) {
  const CommitPart part{.pipeline = PipelineId(1)};
  const auto number = co_await of.commit(part, Durability::sync);
  numbers.push_back(number.value());
}

TEST_F(CommitSequencerTest, AnswersComeInTheOrderOfCommitsWhateverRunsFirst) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    testing::VirtualScheduler scheduler(seed, testing::Order::shuffled);
    testing::FakeStore store;
    CommitSequencer sequencer(scheduler, store, scheduler.blocking());
    std::vector<std::uint64_t> heard;
    for (int i = 0; i < 20; ++i) spawn(scheduler, hear(sequencer, heard));
    scheduler.run();

    EXPECT_THAT(heard, SizeIs(20));
    EXPECT_TRUE(std::ranges::is_sorted(heard)) << "seed " << seed;
  }
}

TEST_F(CommitSequencerTest, WritesAgainAfterItHasBeenIdle) {
  start(1);
  scheduler_.run();
  start(2);
  scheduler_.run();

  EXPECT_THAT(groups(), ElementsAre(ElementsAre(1), ElementsAre(2)));
}

}  // namespace
}  // namespace tidemill

// What a runner puts into the engine's own streams, and what it takes from them.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/dispatch/testing/runner_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr StreamId jobs{7};

// Full when told to be; counts what it is told.
class FakeOutlet final : public StreamOutlet {
 public:
  StreamId stream() const override { return jobs; }
  Partition partition_for(std::string_view, EventTime) override { return Partition(2); }
  bool full() const override { return is_full; }
  void subscribe(Signal& room) override { room_ = &room; }
  void unsubscribe(Signal&) override { room_ = nullptr; }
  void submitted(const CommitPart& part) override { records_submitted += part.appended.size(); }
  void committed(const CommitPart& part) override { records_committed += part.appended.size(); }
  void end() override {}

  void make_room() {
    is_full = false;
    room_->notify();
  }

  bool is_full = false;
  std::size_t records_submitted = 0;
  std::size_t records_committed = 0;

 private:
  Signal* room_ = nullptr;
};

class RunnerStreams : public testing::PipelineRunnerTest {
 protected:
  RunnerStreams() {
    stream_.is_stream = true;
    stream_.outlet = &outlet_;
    bindings_ = {rows_, stream_};
  }
  // The runner tells its outlet that it ends.
  ~RunnerStreams() override {
    scheduler_.abandon();
    runner_.reset();
  }

  std::vector<StreamRecord> records() {
    page_ = store_.streams.read(jobs, Partition(2), 0, 1000, 1u << 20);
    return page_.records;
  }
  std::vector<std::string> data() {
    std::vector<std::string> all;
    for (const StreamRecord& record : records()) all.emplace_back(record.data);
    return all;
  }

  FakeOutlet outlet_;
  SinkBinding stream_{.name = "jobs", .output = 0};
  StreamPage page_;
};

TEST_F(RunnerStreams, MessagesOfAFunctionGoInWithTheirEventsInOneCommit) {
  push({"a", "b"});
  run();
  EXPECT_THAT(data(), ElementsAre("a", "b"));
  EXPECT_THAT(store_.rows, SizeIs(2));
  EXPECT_EQ(store_.calls, 1);
  EXPECT_EQ(outlet_.records_submitted, 2);
  EXPECT_EQ(outlet_.records_committed, 2);
}

TEST_F(RunnerStreams, AMessageHasAnIdOfItsOwnAndTheRestOfItsEvent) {
  push({"a"});
  run();
  const auto all = records();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].id, "p:jobs:fake/0@0#0");
  EXPECT_EQ(all[0].source, "fake");
  EXPECT_EQ(all[0].key, "a");
}

TEST_F(RunnerStreams, AnEventKeepsWhatItCameWith) {
  stream_.takes = Takes::event;
  bindings_ = {stream_};
  push({"a"});
  Event& event = source_.waiting.front();
  event.id = "id-1";
  event.type = "order";
  event.subject = "subject";
  event.key = "key";
  event.content_type = "text/plain";
  event.time = EventTime(5);
  run();
  const auto all = records();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].id, "id-1");
  EXPECT_EQ(all[0].type, "order");
  EXPECT_EQ(all[0].subject, "subject");
  EXPECT_EQ(all[0].key, "key");
  EXPECT_EQ(all[0].content_type, "text/plain");
  EXPECT_EQ(all[0].time, EventTime(5));
}

TEST_F(RunnerStreams, AnEventThatDiesAtASinkPutsNothingAnywhere) {
  bindings_ = {rows_, stream_, messages_};
  sink_.answers_with = [](std::string_view data, int) -> Result<> {
    if (data == "bad") return fail(Fault::bad_event, "refused");
    return {};
  };
  push({"good", "bad"});
  run();
  EXPECT_THAT(data(), ElementsAre("good"));
  EXPECT_THAT(store_.dead, SizeIs(1));
}

TEST_F(RunnerStreams, AnEventWithoutItsGroupReachesNoSink) {
  stream_.group = expression::Expression::compile(".customer").value();
  bindings_ = {rows_, stream_, messages_};
  push({R"({"customer":"ada"})", R"({"other":1})"});
  run();
  ASSERT_THAT(records(), SizeIs(1));
  EXPECT_EQ(records()[0].group, "ada");
  EXPECT_THAT(sink_.received, ElementsAre(R"({"customer":"ada"})"));
  ASSERT_THAT(store_.dead, SizeIs(1));
  EXPECT_EQ(store_.dead[0].sink, "jobs");
}

TEST_F(RunnerStreams, ADelayCountsFromTheCommit) {
  stream_.delay = std::chrono::seconds(10);
  bindings_ = {rows_, stream_, messages_};
  sink_.takes = std::chrono::seconds(60);
  push({"a"});
  run();
  const auto all = records();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].deliver_at.value, all[0].written.value + 10'000'000);
}

TEST_F(RunnerStreams, AFullStreamKeepsItsPipelineFromTakingMore) {
  outlet_.is_full = true;
  push({"a"});
  start();
  scheduler_.run_until([&] { return false; });
  EXPECT_THAT(source_.polls, IsEmpty());
  outlet_.make_room();
  scheduler_.run();
  ASSERT_TRUE(result_.has_value());
  EXPECT_THAT(data(), ElementsAre("a"));
}

TEST_F(RunnerStreams, TheStageOfAnArchiveGetsDataAndTimeAndNothingElse) {
  stream_.archiving.emplace();
  bindings_ = {rows_, stream_};
  push({"a"});
  run();
  const auto all = records();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].data, "a");
  EXPECT_EQ(all[0].time.value, store_.commit_time.value) << "it has no time but when it came";
  EXPECT_THAT(all[0].id, IsEmpty());
  EXPECT_THAT(all[0].source, IsEmpty());
  EXPECT_THAT(all[0].key, IsEmpty());
}

TEST_F(RunnerStreams, AnArchiveThatKeepsAttributesGetsTheIdOfTheMessage) {
  stream_.archiving.emplace().attributes = true;
  bindings_ = {rows_, stream_};
  push({"a"});
  run();
  const auto all = records();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].id, "p:jobs:fake/0@0#0");
  EXPECT_EQ(all[0].source, "fake");
  EXPECT_EQ(all[0].key, "a");
  EXPECT_EQ(all[0].time.value, store_.commit_time.value);
}

TEST_F(RunnerStreams, AnEventWhoseTimeAnArchiveCannotReadReachesNoSink) {
  stream_.archiving.emplace().time = expression::Expression::compile(".ts").value();
  bindings_ = {rows_, stream_, messages_};
  push({R"({"ts":"2026-01-31T08:00:00Z"})", R"({"ts":"soon"})", R"({"other":1})",
        R"({"ts":"9999-12-31T23:59:59Z"})", R"({"ts":"10000-01-01T00:00:00Z"})"});
  run();
  const auto all = records();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].time.value, 1'769'846'400'000'000);
  EXPECT_THAT(sink_.received, SizeIs(2));
  ASSERT_THAT(store_.dead, SizeIs(3));
  for (const DeadLetter& letter : store_.dead) EXPECT_EQ(letter.sink, "jobs");
}

// Takes note of what leaves.
struct FakeEntries final : EntrySource {
  void leave(std::span<const Settled> settled, CommitPart& part) override {
    for (const Settled& one : settled)
      part.removed.push_back({jobs, one.partition, one.offset.value, 1});
  }
};

TEST_F(RunnerStreams, WhatSettlesLeavesItsQueueInTheSameCommit) {
  FakeEntries entries;
  config_.entries = &entries;
  source_.progress = ProgressKind::queue;
  invoker_.fails = [](std::string_view data, std::uint32_t attempt) -> std::optional<Error> {
    if (data == "late" && attempt == 1) return Error{Fault::transient, "not yet"};
    if (data == "never") return Error{Fault::bad_event, "never"};
    return std::nullopt;
  };
  push({"now", "late", "never"});
  run();
  ASSERT_THAT(store_.groups, SizeIs(2));
  const auto left = [&](std::size_t group) {
    std::vector<std::uint64_t> numbers;
    for (const CommitPart& part : store_.groups[group])
      for (const StreamRemoval& removal : part.removed) numbers.push_back(removal.number);
    return numbers;
  };
  EXPECT_THAT(left(0), ElementsAre(0, 2)) << "a dead letter leaves as well";
  EXPECT_THAT(left(1), ElementsAre(1));
}

}  // namespace
}  // namespace tidemill

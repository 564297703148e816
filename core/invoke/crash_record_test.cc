#include "core/invoke/crash_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/invoke/answer_hold.h"
#include "core/invoke/crash_signals.h"
#include "core/invoke/native_function.h"
#include "core/invoke/suspect_set.h"
#include "core/invoke/testing/native_function_fixture.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Finding = SuspectSet::Finding;

constexpr BatchOrigin log_origin{PipelineId(7), 99, ProgressKind::log};
constexpr BatchOrigin object_origin{PipelineId(8), 99, ProgressKind::objects};

Event at(std::uint32_t partition, std::uint64_t offset, std::string_view key = "") {
  Event event;
  event.partition = Partition(partition);
  event.offset = Offset(offset);
  event.offset_next = Offset(offset + 1);
  event.key = key;
  return event;
}

Event object(std::string_view name, std::string_view version) {
  Event event;
  event.subject = name;
  event.version = version;
  return event;
}

class CrashRecordTest : public NativeFunctionTest {
 protected:
  std::unique_ptr<CrashRecord> open(std::size_t slots = 4, std::size_t events_max = 100) {
    auto record = CrashRecord::open(folder_ / "running.map", slots, events_max);
    EXPECT_TRUE(record) << record.error().message;
    return std::move(*record);
  }

  /// A process that calls the handler with `events`, and comes to the end that this brings.
  int crash_with(const std::vector<Event>& events, bool alone = false) {
    make("contained");
    const pid_t child = ::fork();
    if (child == 0) {
      const auto record = open();
      const SignalStack stack;
      record->begin(log_origin, events, alone);
      std::ignore = invoke(events);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  /// A process that runs these batches, and is ended by a thread that runs none.
  void crash_beside(const std::vector<std::vector<Event>>& batches, bool alone) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto record = open();
      for (const auto& batch : batches)
        std::thread([&] { record->begin(log_origin, batch, alone); }).join();
      std::thread([] { std::abort(); }).join();
    }
    ::waitpid(child, nullptr, 0);
  }

  Finding found(const Event& event, BatchOrigin origin = log_origin) {
    return SuspectSet(origin, open()->crashed()).of(event);
  }

  testing::TempFolder folder_;
};

TEST_F(CrashRecordTest, AProcessThatEndsInGoodOrderLeavesNothing) {
  auto record = open();
  record->end(record->begin(log_origin, std::vector{at(0, 1)}, false));
  record.reset();
  EXPECT_THAT(open()->crashed(), IsEmpty());
}

TEST_F(CrashRecordTest, WhatRanWhenTheProcessWasKilledFromOutsideIsNotSuspected) {
  auto record = open();
  record->begin(log_origin, std::vector{at(0, 1)}, false);
  record.reset();
  EXPECT_THAT(open()->crashed(), IsEmpty());
}

TEST_F(CrashRecordTest, ABatchWhoseHandlerCrashesTheProcessIsSuspected) {
  const int status = crash_with({at(3, 10), at(3, 11, "crash"), at(3, 12)});
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 0);

  EXPECT_EQ(found(at(3, 10)), Finding::suspect);
  EXPECT_EQ(found(at(3, 12)), Finding::suspect);
  EXPECT_EQ(found(at(3, 13)), Finding::none);
  EXPECT_EQ(found(at(2, 11)), Finding::none);
}

TEST_F(CrashRecordTest, ASuspectThatCrashesAgainWhenItIsAloneIsGuilty) {
  crash_with({at(3, 11, "crash"), at(3, 12)});
  crash_with({at(3, 11, "crash")}, true);
  EXPECT_EQ(found(at(3, 11)), Finding::crashed_alone);
  EXPECT_EQ(found(at(3, 12)), Finding::suspect);
}

// ThreadSanitizer keeps records of its own about the stack, and faults in them, now and then,
// before the handler of the signal is called.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool faults_in_order = false;
#else
constexpr bool faults_in_order = true;
#endif
#else
constexpr bool faults_in_order = true;
#endif

TEST_F(CrashRecordTest, AStackThatIsUsedUpLeavesItsMarkToo) {
  if (!faults_in_order) GTEST_SKIP() << "not under ThreadSanitizer";
  crash_with({at(3, 11, "overflow")});
  EXPECT_EQ(found(at(3, 11)), Finding::suspect);
}

TEST_F(CrashRecordTest, AFailedAssertionIsACrash) {
  const int status = crash_with({at(3, 11, "abort")});
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
  EXPECT_EQ(found(at(3, 11)), Finding::suspect);
}

TEST_F(CrashRecordTest, OnlyTheBatchOfTheThreadThatCrashesIsMarked) {
  make("contained");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto record = open();
    std::thread other([&] {
      record->begin(log_origin, std::vector{at(1, 1)}, false);
      set_crash_mark(nullptr);
    });
    other.join();
    record->begin(log_origin, std::vector{at(2, 2)}, false);
    std::ignore = invoke({at(2, 2, "crash")});
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(found(at(1, 1)), Finding::none);
  EXPECT_EQ(found(at(2, 2)), Finding::suspect);
}

TEST_F(CrashRecordTest, ACrashOfAThreadThatNobodyKnowsMakesAllBatchesSuspects) {
  crash_beside({{at(1, 1)}, {at(2, 2), at(2, 3)}}, false);
  EXPECT_EQ(found(at(1, 1)), Finding::stray_suspect);
  EXPECT_EQ(found(at(2, 3)), Finding::stray_suspect);
}

TEST_F(CrashRecordTest, WhereNobodyKnowsTheThreadOnlyASoleBatchIsGuilty) {
  crash_beside({{at(1, 1)}, {at(2, 2)}}, true);
  EXPECT_EQ(found(at(1, 1)), Finding::stray_suspect);
  EXPECT_EQ(found(at(2, 2)), Finding::stray_suspect);
  crash_beside({{at(2, 2)}}, true);
  EXPECT_EQ(found(at(1, 1)), Finding::stray_suspect);
  EXPECT_EQ(found(at(2, 2)), Finding::crashed_alone);
}

TEST_F(CrashRecordTest, AForkedChildThatCrashesMarksNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto record = open();
    record->begin(log_origin, std::vector{at(1, 1)}, false);
    const pid_t grandchild = ::fork();
    if (grandchild == 0) std::abort();
    int status = 0;
    ::waitpid(grandchild, &status, 0);
    ::_exit(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(open()->crashed(), IsEmpty());
}

TEST_F(CrashRecordTest, AnAbortOverALostBatchBlamesNoOther) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto record = open();
    std::thread([&] { record->begin(log_origin, std::vector{at(1, 1)}, false); }).join();
    record->mark_lost(record->begin(log_origin, std::vector{at(2, 2)}, true));
    std::thread([] {
      leave_no_crash_mark();
      std::abort();
    }).join();
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(found(at(1, 1)), Finding::none);
  EXPECT_EQ(found(at(2, 2)), Finding::lost_alone);
}

TEST_F(CrashRecordTest, AResponseThatCannotBeFreedIsHeldAgainstItsBatch) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto record = open();
    auto* slot = record->begin(log_origin, std::vector{at(1, 1)}, false);
    Answer answer;
    answer.keep = std::shared_ptr<const void>(slot, [](const void*) { std::abort(); });
    AnswerHold::put_on(answer, {record.get(), nullptr, nullptr}, slot);
    std::thread([&] { record->begin(log_origin, std::vector{at(2, 2)}, false); }).join();
    std::thread([&] { answer.keep.reset(); }).join();
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(found(at(1, 1)), Finding::suspect);
  EXPECT_EQ(found(at(2, 2)), Finding::none);
}

TEST_F(CrashRecordTest, ABatchThatRunsTakesTheSlotOfOneThatIsAnswered) {
  auto record = open(1);
  Answer answer;
  answer.keep = std::make_shared<int>(1);
  AnswerHold::put_on(answer, {record.get(), nullptr, nullptr},
                     record->begin(log_origin, std::vector{at(0, 5)}, false));
  auto* second = record->begin(log_origin, std::vector{at(0, 6)}, false);
  ASSERT_NE(second, nullptr);
  answer.keep.reset();
  EXPECT_EQ(record->begin(log_origin, std::vector{at(0, 7)}, false), nullptr)
      << "it ended the other's";
  record->mark_lost(second);
  record.reset();
  EXPECT_EQ(found(at(0, 5)), Finding::none);
  EXPECT_EQ(found(at(0, 6)), Finding::suspect);
}

TEST_F(CrashRecordTest, AThreadOutsideOfAFunctionMarksNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto record = open();
    record->end(record->begin(log_origin, std::vector{at(2, 2)}, false));
    std::abort();
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(open()->crashed(), IsEmpty());
}

TEST_F(CrashRecordTest, ALostBatchIsSuspectedEvenAfterAnEndInGoodOrder) {
  auto record = open();
  auto* slot = record->begin(log_origin, std::vector{at(0, 5)}, false);
  record->mark_lost(slot);
  record.reset();
  EXPECT_EQ(found(at(0, 5)), Finding::suspect);
}

TEST_F(CrashRecordTest, ALostBatchThatReturnsIsCleared) {
  auto record = open();
  auto* slot = record->begin(log_origin, std::vector{at(0, 5)}, true);
  record->mark_lost(slot);
  record->end(slot);
  record.reset();
  EXPECT_THAT(open()->crashed(), IsEmpty());
}

TEST_F(CrashRecordTest, ALostSuspectThatWasAloneIsGuilty) {
  auto record = open();
  record->mark_lost(record->begin(log_origin, std::vector{at(0, 5)}, true));
  record.reset();
  EXPECT_EQ(found(at(0, 5)), Finding::lost_alone);
}

TEST_F(CrashRecordTest, ASuspicionSurvivesAFewProcessesThatDieEarlyAndThenFades) {
  auto record = open();
  record->mark_lost(record->begin(log_origin, std::vector{at(0, 5)}, false));
  record.reset();
  for (int life = 0; life < 8; ++life) EXPECT_EQ(found(at(0, 5)), Finding::suspect) << life;
  EXPECT_EQ(found(at(0, 5)), Finding::none);
}

TEST_F(CrashRecordTest, SuspectsThatEndWellAloneAreAbsolvedOneByOne) {
  auto record = open();
  record->mark_lost(
      record->begin(log_origin, std::vector{at(0, 5), at(0, 6), at(0, 7), at(1, 5)}, false));
  record->mark_lost(
      record->begin(object_origin, std::vector{object("a", "1"), object("b", "1")}, false));
  record = open();
  record->end(record->begin(log_origin, std::vector{at(0, 5)}, true));
  record->end(record->begin(log_origin, std::vector{at(0, 7)}, true));
  record->end(record->begin(log_origin, std::vector{at(1, 5)}, false));
  record->end(record->begin(object_origin, std::vector{object("a", "1")}, true));
  record.reset();
  EXPECT_EQ(found(at(0, 5)), Finding::none);
  EXPECT_EQ(found(at(0, 6)), Finding::suspect);
  EXPECT_EQ(found(at(0, 7)), Finding::none);
  EXPECT_EQ(found(at(1, 5)), Finding::suspect) << "it was not alone";
  EXPECT_EQ(found(object("a", "1"), object_origin), Finding::none);
  EXPECT_EQ(found(object("b", "1"), object_origin), Finding::suspect);
  record = open();
  record->end(record->begin(log_origin, std::vector{at(0, 6)}, true));
  record->end(record->begin(log_origin, std::vector{at(1, 5)}, true));
  record->end(record->begin(object_origin, std::vector{object("b", "1")}, true));
  record.reset();
  EXPECT_THAT(open()->crashed(), IsEmpty());
}

TEST_F(CrashRecordTest, AStartThatFindsNoRoomForgetsNothing) {
  auto record = open();
  record->mark_lost(record->begin(log_origin, std::vector{at(0, 5)}, false));
  record.reset();
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit none{1, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  const auto failed = CrashRecord::open(folder_ / "running.map", 4, 100);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  std::signal(SIGXFSZ, before);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, Fault::transient);
  EXPECT_EQ(found(at(0, 5)), Finding::suspect);
}

TEST_F(CrashRecordTest, ObjectsAreKnownByKeyAndVersion) {
  auto record = open();
  record->mark_lost(
      record->begin(object_origin, std::vector{object("a", "1"), object("b", "1")}, false));
  record.reset();
  EXPECT_EQ(found(object("a", "1"), object_origin), Finding::suspect);
  EXPECT_EQ(found(object("a", "2"), object_origin), Finding::none);
  EXPECT_EQ(found(object("a", "1"), {PipelineId(9), 99, ProgressKind::objects}), Finding::none);
}

TEST_F(CrashRecordTest, AnotherBuildOfTheFunctionIsNotHeldResponsible) {
  auto record = open();
  record->mark_lost(record->begin(log_origin, std::vector{at(0, 5)}, true));
  record.reset();
  EXPECT_EQ(found(at(0, 5), {PipelineId(7), 100, ProgressKind::log}), Finding::none);
}

TEST_F(CrashRecordTest, EveryObjectOfTheLargestBatchIsKnownByItself) {
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back(std::to_string(i));
  std::vector<Event> events;
  for (const std::string& name : names) events.push_back(object(name, "1"));
  auto record = open(4, events.size());
  record->mark_lost(record->begin(object_origin, events, false));
  record.reset();
  // The next plan has smaller batches.
  for (int life = 0; life < 2; ++life) {
    const SuspectSet suspects(object_origin, open()->crashed());
    for (const Event& event : events) ASSERT_EQ(suspects.of(event), Finding::suspect) << life;
    EXPECT_EQ(suspects.of(object("another", "1")), Finding::none);
  }
}

TEST_F(CrashRecordTest, MoreObjectsThanThereIsRoomForMakeAllOfThePipelineSuspects) {
  std::vector<std::string> names;
  for (int i = 0; i < 1001; ++i) names.push_back(std::to_string(i));
  std::vector<Event> events;
  for (const std::string& name : names) events.push_back(object(name, "1"));
  auto record = open(4, 1000);
  record->mark_lost(record->begin(object_origin, events, false));
  record.reset();
  EXPECT_EQ(found(object("another", "1"), object_origin), Finding::suspect);
}

TEST_F(CrashRecordTest, PartitionsThatTakeTurnsHaveOneRangeEach) {
  std::vector<Event> events;
  for (std::uint64_t i = 0; i < 10'000; ++i)
    events.push_back(at(static_cast<std::uint32_t>(i % 7), i));
  auto record = open();
  record->mark_lost(record->begin(log_origin, events, false));
  record.reset();
  const auto crashed = open()->crashed();
  ASSERT_THAT(crashed, SizeIs(1));
  EXPECT_THAT(crashed[0].ranges, SizeIs(7));
  EXPECT_FALSE(crashed[0].all);
}

TEST_F(CrashRecordTest, WithoutAFreeSlotABatchRunsUnrecorded) {
  const auto record = open(1);
  auto* first = record->begin(log_origin, std::vector{at(0, 5)}, false);
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(record->begin(log_origin, std::vector{at(0, 6)}, false), nullptr);
  record->end(nullptr);
  record->end(first);
  EXPECT_NE(record->begin(log_origin, std::vector{at(0, 6)}, false), nullptr);
}

TEST_F(CrashRecordTest, AFileOfAnotherKindIsReplaced) {
  folder_.write("running.map", std::string(100'000, 'x'));
  EXPECT_THAT(open()->crashed(), IsEmpty());
  EXPECT_THAT(open()->crashed(), SizeIs(0));
}

}  // namespace
}  // namespace tidemill

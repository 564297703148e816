// What a function in a worker cannot do: anything to anyone but its own batch.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <new>
#include <thread>

#include "core/worker/testing/worker_function_fixture.h"
#include "core/worker/wire_start.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(WorkerFunctionTest, ALoopEndsAtItsTimeout) {
  make();
  const Ending ending(row_of("pid"));
  timeout_ = milliseconds(100);
  EXPECT_EQ(error_of("loop"),
            "function f took longer than its timeout of 100ms; its worker was killed");
  EXPECT_TRUE(ending.waited());
  timeout_ = std::chrono::seconds(60);
  EXPECT_EQ(row_of("say again"), "again");
}

TEST_F(WorkerFunctionTest, ALoopThatIgnoresSigtermEndsAsWell) {
  make();
  const Ending ending(row_of("pid"));
  timeout_ = milliseconds(100);
  EXPECT_THAT(error_of("ignore_term"), HasSubstr("took longer than its timeout"));
  EXPECT_TRUE(ending.waited());
}

TEST_F(WorkerFunctionTest, AHandlerThatMindsItsDeadlineIsHeard) {
  make();
  const auto pid = row_of("pid");
  timeout_ = milliseconds(50);
  EXPECT_EQ(row_of("linger"), "stopped");
  EXPECT_EQ(row_of("until_cancelled"), "cancelled");
  timeout_ = std::chrono::seconds(60);
  EXPECT_NE(row_of("pid"), pid) << "one that was told to stop is not used again";
}

TEST_F(WorkerFunctionTest, AHandlerThatAsksForEverEndsAtItsTimeout) {
  read_object_ = [](const Event&, std::uint64_t) -> Result<Bytes> { return Bytes(); };
  make();
  timeout_ = milliseconds(50);
  EXPECT_THAT(error_of("ask_for_ever"), HasSubstr("took longer than its timeout of 50ms"));
}

TEST_F(WorkerFunctionTest, ACrashFailsItsBatchAlone) {
  make();
  // A sanitizer catches the signal and exits.
  EXPECT_THAT(error_of("crash"),
              AnyOf("function f: its worker was killed by SIGSEGV (Segmentation fault)",
                    StartsWith("function f: its worker exited with status ")));
  EXPECT_EQ(row_of("say again"), "again");
}

TEST_F(WorkerFunctionTest, AnExitIsACrash) {
  make();
  EXPECT_EQ(error_of("exit"), "function f: its worker exited with status 3");
}

TEST_F(WorkerFunctionTest, AnAllocationBeyondItsMemoryFailsItsBatch) {
  if (sanitized) GTEST_SKIP() << "a sanitizer takes terabytes itself";
  make();
  const auto pid = row_of("pid");
  EXPECT_EQ(row_of("allocate 100"), std::to_string(100 << 20) + "x");
  EXPECT_EQ(error_of("allocate 300"),
            "ran out of memory; a worker of this function may take 256MiB (memory:)");
  EXPECT_EQ(row_of("pid"), pid);
}

TEST_F(WorkerFunctionTest, WhatAHandlerForksEndsWithItsWorker) {
  make();
  for (const char* end : {"crash", "exit", "loop"}) {
    const Ending ending(row_of("fork"));
    timeout_ = milliseconds(100);
    EXPECT_THAT(error_of(end), HasSubstr("function f")) << end;
    EXPECT_TRUE(ending.waited()) << end;
    timeout_ = std::chrono::seconds(60);
  }
  const Ending ending(row_of("fork"));
  function_.reset();
  EXPECT_TRUE(ending.waited()) << "the worker itself ended in peace";
}

TEST_F(WorkerFunctionTest, AStartThatRunsOutOfDescriptorsFailsAtOnce) {
  if (sanitized) GTEST_SKIP() << "UBSan needs descriptors to look at the type of an object";
  options_.young = Duration(0);  // Failed starts hold nothing back.
  make();
  EXPECT_EQ(error_of("exit"), "function f: its worker exited with status 3");
  timeout_ = std::chrono::seconds(5);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto free = static_cast<rlim_t>(Descriptor(dup(0)).get());
  std::string message;
  int failed_starts = 0;
  for (rlim_t more = 0; more < 40; ++more) {
    const rlimit tight{free + more, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    const Answer answer = invoke({event("k", "exit")});
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(answer.error);
    message = answer.error->message;
    if (answer.error->fault != Fault::throttled) break;
    ++failed_starts;
  }
  EXPECT_EQ(message, "function f: its worker exited with status 3");
  EXPECT_GT(failed_starts, 10);
}

TEST_F(WorkerFunctionTest, AWorkerThatFillsItsBellsHoldsNothingUp) {
  make();
  timeout_ = milliseconds(100);
  EXPECT_THAT(error_of("fill_bells"), HasSubstr("took longer than its timeout"));
  timeout_ = std::chrono::seconds(60);
  EXPECT_EQ(row_of("say again"), "again");
}

TEST_F(WorkerFunctionTest, AnEngineWithoutMemoryForABatchFailsThatBatch) {
  read_object_ = [](const Event&, std::uint64_t) -> Result<Bytes> { throw std::bad_alloc(); };
  make();
  EXPECT_EQ(error_of("object"),
            "function f: the engine could not serve its worker: std::bad_alloc");
  EXPECT_EQ(row_of("say again"), "again");
}

TEST_F(WorkerFunctionTest, AWorkerThatDiesIdleIsReplacedUnseen) {
  make();
  const auto pid = row_of("pid");
  const Ending ending(pid);
  kill(std::stoi(pid), SIGKILL);
  ASSERT_TRUE(ending.waited());
  EXPECT_EQ(row_of("say again"), "again");
}

TEST_F(WorkerFunctionTest, AnIdleWorkerThatDiesIsBuriedThoughItHadGoneQuietBefore) {
  make();
  const auto pid = row_of("pid");
  EXPECT_EQ(row_of("go_quiet"), "");
  EXPECT_EQ(row_of("pid"), pid);
  kill(std::stoi(pid), SIGKILL);
  EXPECT_TRUE(log_.says("function f: an idle worker was killed by SIGKILL"));
}

TEST_F(WorkerFunctionTest, WorkersThatKeepDyingYoungAreHeldBack) {
  options_.young = std::chrono::hours(1);
  make();
  const std::vector<Event> events = {event("k", "exit")};
  std::optional<Error> last;
  for (int i = 0; i < 20; ++i) {
    last = invoke(events).error;
    ASSERT_TRUE(last);
    if (last->fault == Fault::throttled) break;
  }
  ASSERT_EQ(last->fault, Fault::throttled);
  EXPECT_EQ(last->message,
            "function f: 4 workers died right after their start; the next one waits");
  EXPECT_GT(last->retry_after, milliseconds(0));
}

TEST_F(WorkerFunctionTest, ThatNoWorkerCanStartIsNoEventsFault) {
  const testing::TempFolder folder;
  std::filesystem::copy(options_.program, folder / "program");
  options_.program = folder / "program";
  make();
  std::filesystem::remove(options_.program);
  EXPECT_EQ(error_of("exit"), "function f: its worker exited with status 3");
  const Answer answer = invoke({event("k", "echo")});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->fault, Fault::throttled);
  EXPECT_THAT(answer.error->message, StartsWith("function f: cannot start a worker from "));
  EXPECT_EQ(answer.error->retry_after, std::chrono::seconds(1));
}

TEST_F(WorkerFunctionTest, ACrashAtTheStartIsAnErrorThatSaysSo) {
  const auto made = try_make({{"at_start", "crash"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::transient);
  EXPECT_THAT(made.error().message, StartsWith("its worker "));
  EXPECT_THAT(made.error().message, HasSubstr(" while it started"));
}

TEST_F(WorkerFunctionTest, AWorkerWhoseEngineIsGoneBeforeItPostsAnythingEnds) {
  auto channel = worker::Channel::create(1 << 20);
  ASSERT_TRUE(channel);
  const worker::Start start{.plugin = "none",
                            .function = "f",
                            .config = {},
                            .memory_bytes_max = 1 << 20,
                            .engine = 1};  // Not the parent of what is started here.
  ASSERT_TRUE(worker::write_start(channel->request(), start));
  const Descriptor bell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  auto process = worker::WorkerProcess::start({.program = options_.program,
                                               .arguments = {"tidemill", "worker", "f"},
                                               .memory = channel->descriptor(),
                                               .wake_worker = bell.get(),
                                               .wake_engine = bell.get(),
                                               .cancel = bell.get()});
  ASSERT_TRUE(process) << process.error().message;
  pollfd ended{.fd = process->pidfd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&ended, 1, 20'000), 1);
  EXPECT_EQ(process->reap(), "exited with status 2");
}

TEST_F(WorkerFunctionTest, AProgramThatIsNoWorkerIsAnErrorThatSaysSo) {
  options_.program = "/bin/true";
  const auto made = try_make();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "its worker exited with status 0 while it started");
  options_.program = "/nonexistent/program";
  const auto none = try_make();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message,
            "cannot start a worker from /nonexistent/program: No such file or directory");
}

TEST_F(WorkerFunctionTest, AWildPointerDoesNotReachTheBatch) {
  make();
  EXPECT_THAT(error_of("scribble"), StartsWith("function f: its worker "));
}

TEST_F(WorkerFunctionTest, AShutdownEndsWhatStillRuns) {
  std::atomic<bool> running = false;
  read_object_ = [&](const Event&, std::uint64_t) -> Result<Bytes> {
    running = true;
    running.notify_all();
    return Bytes();
  };
  make();
  std::string error;
  std::jthread busy([&] {
    const std::vector<Event> events = {event("a", "object"), event("b", "loop")};
    const Answer answer = invoke(events);
    if (answer.error) error = answer.error->message;
  });
  running.wait(false);
  function_->cancel();
  busy.join();
  EXPECT_EQ(error, "function f was stopped with the engine; its worker was killed");
  function_.reset();
}

TEST_F(WorkerFunctionTest, NothingBeginsAfterAShutdown) {
  make();
  function_->cancel();
  const Answer answer = invoke({event("k", "loop")});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->fault, Fault::cancelled);
  EXPECT_EQ(answer.error->message, "function f was stopped with the engine");
}

TEST_F(WorkerFunctionTest, AShutdownEndsAStartThatHangs) {
  const testing::TempFolder folder;
  std::filesystem::copy(options_.program, folder / "program");
  options_.program = folder / "program";
  make();
  EXPECT_THAT(error_of("exit"), HasSubstr("exited with status 3"));
  std::filesystem::remove(options_.program);
  folder.write("program", "#!/bin/sh\necho it hangs\nexec sleep 1000\n");
  std::filesystem::permissions(options_.program, std::filesystem::perms::owner_all);
  std::optional<Error> error;
  std::jthread starting([&] {
    const std::vector<Event> events = {event("k", "say x")};
    error = invoke(events).error;
  });
  EXPECT_TRUE(log_.says("f prints: it hangs"));
  function_->cancel();
  starting.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault, Fault::cancelled);
  EXPECT_EQ(error->message, "function f: its worker was stopped with the engine while it started");
}

TEST_F(WorkerFunctionTest, WorkersDieWithTheirEngine) {
  // The engine of this test is a child that is killed; its worker's pid comes through a pipe.
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const pid_t engine = fork();
  if (engine == 0) {
    make();
    const auto pid = function_ == nullptr ? std::string("0") : row_of("pid");
    std::ignore = write(ends[1], pid.data(), pid.size());
    for (;;) pause();
  }
  char buffer[32];
  const ssize_t size = read(ends[0], buffer, sizeof buffer);
  close(ends[0]);
  close(ends[1]);
  ASSERT_GT(size, 0);
  const Ending ending(std::string(buffer, static_cast<std::size_t>(size)));
  kill(engine, SIGKILL);
  EXPECT_TRUE(ending.waited());
  waitpid(engine, nullptr, 0);
}

}  // namespace
}  // namespace tidemill

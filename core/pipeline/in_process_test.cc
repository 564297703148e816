// Deadlines in virtual time: the handler of a real plugin blocks on a real thread, but the threads
// answer to the test.
#include "core/pipeline/in_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/invoke/plugin.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Runs a work when the test says so: to its end, or until it blocks. What it posts when it ends
// reaches the scheduler only while the test waits for it.
class SteppedThreads final : public CallThreads {
 public:
  ~SteppedThreads() override {
    for (auto& [number, thread] : running_) thread.join();
  }

  std::uint64_t start(Work work) override {
    waiting.emplace_back(++last_, std::move(work));
    return last_;
  }

  void abandon(std::uint64_t number) override {
    if (std::erase_if(waiting, [&](const auto& entry) { return entry.first == number; }) == 0)
      lost_ += 1;
  }

  std::size_t lost() const override { return lost_; }

  /// Starts the oldest work; it blocks in its handler.
  std::uint64_t begin() {
    auto [number, work] = std::move(waiting.front());
    waiting.pop_front();
    running_.emplace(number, std::thread(std::move(work)));
    return number;
  }

  /// The handler was let go: waits for the end of its work.
  void end(std::uint64_t number, bool was_lost = false) {
    running_.at(number).join();
    running_.erase(number);
    lost_ -= was_lost ? 1 : 0;
  }

  std::deque<std::pair<std::uint64_t, Work>> waiting;

 private:
  std::map<std::uint64_t, std::thread> running_;
  std::uint64_t last_ = 0;
  std::size_t lost_ = 0;
};

class InProcessTest : public ::testing::Test {
 protected:
  static constexpr BatchOrigin origin{PipelineId(1), 1, ProgressKind::log};

  InProcessTest() {
    EXPECT_EQ(::pipe(news_.data()), 0);
    EXPECT_EQ(::pipe(gate_.data()), 0);
  }
  ~InProcessTest() override {
    scheduler_.abandon();
    function_.reset();  // Waits for a cancel that is still at the pipes.
    for (const auto& pair : {news_, gate_})
      for (const int descriptor : pair) ::close(descriptor);
  }

  void make(std::uint32_t reserved = 0, bool says_cancel = false, bool cancel_waits = false) {
    const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    auto plugin = Plugin::load((here / "../invoke/testdata/contained.so").string());
    ASSERT_TRUE(plugin) << plugin.error().message;
    ResolvedOptions options{{"says", std::to_string(news_[1])},
                            {"waits", std::to_string(gate_[0])}};
    if (says_cancel) options.emplace_back("cancel_says", std::to_string(news_[1]));
    if (cancel_waits) options.emplace_back("cancel_waits", std::to_string(gate_[0]));
    NativeHost host{.now = [] { return Instant(); }, .log = &log_, .read_row = {}, .function = "f"};
    auto function = NativeFunction::make(*plugin, options, std::move(host));
    ASSERT_TRUE(function) << function.error().message;
    auto threads = std::make_unique<SteppedThreads>();
    threads_ = threads.get();
    function_.emplace(InProcessFunction::Parts{.scheduler = scheduler_,
                                               .log = log_,
                                               .name = "f",
                                               .timeout = 30s,
                                               .function = std::move(*function),
                                               .threads = std::move(threads),
                                               .reserved = reserved,
                                               .budget = &budget_,
                                               .now = [this] { return scheduler_.now(); }});
  }

  static Event event(std::string_view key, std::string_view data = "") {
    Event event;
    event.source = "clicks";
    event.key = key;
    event.data = Bytes::copy(data);
    return event;
  }

  /// Invokes, and notes the answer when it comes.
  std::optional<Answer>& invoke(Event event) {
    auto& call = calls_.emplace_back();
    call.events = {std::move(event)};
    call.request.events = call.events;
    call.request.timeout = 30s;
    call.request.read_object = [this](const Event&, std::uint64_t) {
      ++objects_read_;
      return Bytes::copy("object");
    };
    spawn(scheduler_, wait_for(call));
    pass(0s);
    return call.answer;
  }

  std::uint64_t begin() {
    const auto number = threads_->begin();
    wait_for_news();
    return number;
  }

  void let_go() { EXPECT_EQ(::write(gate_[1], "x", 1), 1); }

  void pass(Duration time) {
    bool reached = false;
    scheduler_.call_at(scheduler_.now() + time, [&reached] { reached = true; });
    scheduler_.run_until([&reached] { return reached; });
    scheduler_.call_at(scheduler_.now(), [&reached] { reached = false; });
    scheduler_.run_until([&reached] { return !reached; });
  }

  struct Call {
    std::vector<Event> events;
    Request request;
    std::optional<Answer> answer;
  };

  Task<> wait_for(Call& call) {
    call.answer =
        co_await function_->invoke(call.request, origin, InProcessFunction::Suspected::no);
  }

  void wait_for_news() {
    char byte = 0;
    EXPECT_EQ(::read(news_[0], &byte, 1), 1);
  }

  testing::RecordingLog log_;
  std::array<int, 2> news_{}, gate_{};
  std::deque<Call> calls_;
  std::atomic<int> objects_read_ = 0;
  testing::VirtualScheduler scheduler_;
  MemoryBudget budget_{20};
  std::optional<InProcessFunction> function_;
  SteppedThreads* threads_ = nullptr;
};

TEST_F(InProcessTest, AnswersWithWhatTheHandlerReturned) {
  make();
  auto& answer = invoke(event("block", "data"));
  const auto number = begin();
  let_go();
  threads_->end(number);
  pass(0s);
  ASSERT_TRUE(answer);
  ASSERT_FALSE(answer->error);
  EXPECT_EQ(answer->effects.at(0).data, "data");
}

TEST_F(InProcessTest, AHandlerThatDoesNotReturnFailsItsBatchAfterTheGrace) {
  make();
  auto& answer = invoke(event("block"));
  const auto number = begin();
  pass(30s);
  EXPECT_FALSE(answer);
  pass(InProcessFunction::grace);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error->fault, Fault::transient);
  EXPECT_EQ(answer->error->message,
            "function f did not return within its timeout of 30 s; its thread is abandoned");
  EXPECT_EQ(function_->lost_threads(), 1);
  let_go();
  threads_->end(number, true);
}

TEST_F(InProcessTest, TheTimeoutCountsFromTheStartOfTheHandler) {
  make();
  auto& answer = invoke(event("block"));
  pass(300s);
  const auto number = begin();
  pass(29s);
  EXPECT_FALSE(answer);
  let_go();
  threads_->end(number);
  pass(0s);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->error);
}

TEST_F(InProcessTest, AHandlerThatListensToCancelLosesNoThread) {
  make(0, true);
  auto& answer = invoke(event("block", "late, but there"));
  const auto number = begin();
  pass(30s);
  wait_for_news();  // From its cancel().
  let_go();
  threads_->end(number);
  pass(0s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->effects.at(0).data, "late, but there");
  EXPECT_EQ(function_->lost_threads(), 0);
}

TEST_F(InProcessTest, ACancelThatHangsHoldsNothingUp) {
  make(0, true, true);
  auto& answer = invoke(event("block"));
  const auto number = begin();
  pass(30s);
  wait_for_news();  // From its cancel(), which waits now.
  EXPECT_TRUE(function_->cancelling());
  pass(InProcessFunction::grace);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error->fault, Fault::transient);
  auto& next = invoke(event("row", "another instance"));
  threads_->end(threads_->begin());
  pass(0s);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->effects.at(0).data, "another instance");
  let_go();
  let_go();
  threads_->end(number, true);
}

TEST_F(InProcessTest, ALateAnswerIsDroppedAndItsEventsLiveUntilThen) {
  make();
  auto owner = std::make_shared<std::string>("read late");
  const std::weak_ptr<std::string> watch = owner;
  Event held = event("block");
  const std::string_view text = *owner;
  held.data = Bytes(text, std::move(owner));
  auto& answer = invoke(std::move(held));
  const auto number = begin();
  pass(40s);
  ASSERT_TRUE(answer);
  calls_.front().events.clear();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(function_->lost_bytes(), 9);
  const MemoryBudget::Share pipeline(budget_, [] {});
  EXPECT_EQ(pipeline.room(), 11) << "of 20 bytes";

  let_go();
  threads_->end(number, true);
  // The plugin's cancel has the call as well, on a thread that nobody waits for.
  while (function_->cancelling()) std::this_thread::yield();

  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(function_->lost_bytes(), 0);
  pass(0s);
  EXPECT_EQ(pipeline.room(), 20);
  EXPECT_TRUE(answer->error);
  EXPECT_TRUE(
      log_.says("function f: a call that was given up has returned; its answer is dropped"));
}

TEST_F(InProcessTest, ALostThreadReadsNoObjectsAnyMore) {
  make();
  auto& answer = invoke(event("read"));
  const auto number = begin();
  pass(31s);
  ASSERT_TRUE(answer);
  let_go();
  threads_->end(number, true);
  EXPECT_EQ(objects_read_, 0);

  invoke(event("read"));
  const auto again = begin();
  let_go();
  threads_->end(again);
  EXPECT_EQ(objects_read_, 1);
}

TEST_F(InProcessTest, WithTwoLostThreadsItIsUnhealthyAndBatchesArePutOffAtOnce) {
  make();
  invoke(event("block"));
  invoke(event("block"));
  auto& queued = invoke(event("block"));
  const auto first = begin();
  const auto second = begin();
  pass(31s);

  ASSERT_TRUE(queued) << "what waited for a thread is put off too";
  EXPECT_EQ(queued->error->fault, Fault::throttled);
  const auto& refused = invoke(event("row"));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error->fault, Fault::throttled);
  EXPECT_GT(refused->error->retry_after, 0ms);
  EXPECT_EQ(refused->error->message,
            "function f is unhealthy: 2 of its threads never returned; restart the engine, or use "
            "isolation: worker");
  EXPECT_TRUE(threads_->waiting.empty());
  EXPECT_EQ(function_->complaint(), refused->error->message);

  let_go();
  let_go();
  threads_->end(first, true);
  threads_->end(second, true);
  EXPECT_EQ(function_->complaint(), "");
}

TEST_F(InProcessTest, AThreadThatComesBackMakesItHealthyAgain) {
  make();
  invoke(event("block"));
  invoke(event("block"));
  const auto first = begin();
  const auto second = begin();
  pass(31s);
  let_go();
  let_go();
  threads_->end(first, true);
  threads_->end(second, true);

  auto& answer = invoke(event("block", "fine"));
  const auto third = begin();
  let_go();
  threads_->end(third);
  pass(0s);

  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->error);
  EXPECT_TRUE(log_.says("function f is healthy again"));
}

TEST_F(InProcessTest, AGivenUpCallGivesItsReservedPlaceBack) {
  make(1);
  invoke(event("block"));
  auto& next = invoke(event("block", "next"));
  const auto first = begin();
  EXPECT_TRUE(threads_->waiting.empty());
  pass(31s);
  const auto second = begin();
  let_go();
  let_go();
  threads_->end(first, true);
  threads_->end(second);
  pass(0s);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->effects.at(0).data, "next");
}

TEST_F(InProcessTest, AStopGivesUpEveryCallAsCancelled) {
  make();
  auto& running = invoke(event("block"));
  auto& queued = invoke(event("block"));
  const auto number = begin();
  function_->abandon();
  auto& late = invoke(event("block"));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->error->fault, Fault::cancelled);
  pass(0s);
  ASSERT_TRUE(running && queued);
  EXPECT_EQ(running->error->fault, Fault::cancelled);
  EXPECT_EQ(queued->error->fault, Fault::cancelled);
  EXPECT_EQ(function_->lost_threads(), 1);
  let_go();
  threads_->end(number, true);
}

}  // namespace
}  // namespace tidemill

#include "core/invoke/native_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tidemill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RecordingLog final : public Log {
 public:
  void write(LogLevel, std::string_view sentence) override { lines.emplace_back(sentence); }
  std::vector<std::string> lines;
};

Event event(std::string_view key, std::string_view data) {
  Event e;
  e.partition = Partition(3);
  e.offset = Offset(42);
  e.source = "clicks";
  e.key = key;
  e.data = Bytes::forever(data);
  return e;
}

/// One effect as a line, for comparison.
std::string shown(const Effect& e) {
  std::string line = std::to_string(e.event) + "." + std::to_string(e.ordinal) + " " +
                     std::to_string(static_cast<int>(e.kind)) + ":" + std::to_string(e.output) +
                     " " + std::string(e.key) + "=" + std::string(e.data);
  for (const Attribute& a : e.metadata)
    line += " " + std::string(a.name) + ":" + std::string(a.value);
  return line;
}

std::vector<std::string> shown(const Answer& answer) {
  std::vector<std::string> lines;
  for (const Effect& e : answer.effects) lines.push_back(shown(e));
  return lines;
}

class NativeFunctionTest : public testing::Test {
 protected:
  Result<std::unique_ptr<NativeFunction>> try_make(const std::string& plugin,
                                                   const ResolvedOptions& config = {},
                                                   std::uint32_t concurrency = 0) {
    auto loaded = Plugin::load(TEST_PLUGINS "/" + plugin + ".so");
    EXPECT_TRUE(loaded) << loaded.error().message;
    return NativeFunction::make(*loaded, config,
                                {.now = [this] { return Instant(Duration(now_.fetch_add(step_))); },
                                 .log = &log_,
                                 .read_row = read_row_,
                                 .memory_bytes_max = memory_bytes_max_,
                                 .function = "f"},
                                concurrency);
  }

  void make(const std::string& plugin, const ResolvedOptions& config = {},
            std::uint32_t concurrency = 0) {
    auto made = try_make(plugin, config, concurrency);
    ASSERT_TRUE(made) << made.error().message;
    function_ = std::move(*made);
  }

  Request request() {
    return {.events = events_,
            .request_id = "r-1",
            .attempt = 2,
            .deadline = Instant(30s),
            .seed = 9,
            .read_object = read_object_};
  }

  Answer invoke(std::vector<Event> events) {
    events_ = std::move(events);
    return function_->invoke(request());
  }

  std::string error_of(std::vector<Event> events) {
    const auto answer = invoke(std::move(events));
    EXPECT_EQ(answer.keep, nullptr);
    EXPECT_THAT(answer.effects, IsEmpty());
    if (!answer.error) return "no error";
    EXPECT_EQ(answer.error->fault, Fault::transient);
    return answer.error->message;
  }

  RecordingLog log_;
  std::atomic<std::int64_t> now_ = 0;
  std::int64_t step_ = 0;  ///< Microseconds that pass with each look at the clock.
  std::uint64_t memory_bytes_max_ = 1 << 20;
  TableReader read_row_;
  std::function<Result<Bytes>(const Event&, std::uint64_t)> read_object_;
  std::vector<Event> events_;
  std::unique_ptr<NativeFunction> function_;
};

TEST_F(NativeFunctionTest, AnswersWithWhatTheHandlerAskedFor) {
  make("good");
  const auto answer = invoke({event("a", "row one"), event("b", "all two")});
  ASSERT_FALSE(answer.error);
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 row/a=one", "1.0 4:0 row/b=", "1.1 5:0 row/b=",
                                         "1.2 1:1 row/b=two width:200 by:good",
                                         "1.3 2:1 old=", "1.4 0:2 row/b=two"));
  EXPECT_EQ(answer.effects[2].merge, MergeKind::max);
  EXPECT_EQ(answer.effects[2].operand, 7);
  EXPECT_EQ(answer.effects[3].content_type, "text/plain");
  EXPECT_THAT(function_->traits().outputs, ElementsAre("rows", "files", "notes"));
  EXPECT_FALSE(function_->traits().non_blocking);
}

TEST_F(NativeFunctionTest, EventDataIsPassedThroughWithoutACopy) {
  make("good");
  const auto answer = invoke({event("a", "whole and uncut")});
  EXPECT_EQ(answer.effects.at(0).data.data(), events_[0].data.view().data());
  EXPECT_EQ(answer.effects.at(0).key, "clicks/3@42");
}

TEST_F(NativeFunctionTest, AnIdFromTheSourceIsTakenAsItIs) {
  make("good");
  auto named = event("a", "whole");
  named.id = "order-1";
  EXPECT_EQ(invoke({named}).effects.at(0).key, "order-1");
}

TEST_F(NativeFunctionTest, EffectsAreGroupedByEventInTheOrderAskedFor) {
  make("good");
  const auto answer = invoke({event("", "backwards"), event("", ""), event("", "")});
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 first=", "0.1 3:0 second=", "1.0 3:0 first=",
                                         "1.1 3:0 second=", "2.0 3:0 first=", "2.1 3:0 second="));
}

TEST_F(NativeFunctionTest, AFailedEventLeavesNoEffectAndFailsOnce) {
  make("good");
  const auto answer =
      invoke({event("a", "row 1"), event("b", "fail bad"), event("c", "fail slow database")});
  ASSERT_FALSE(answer.error);
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 row/a=1"));
  ASSERT_EQ(answer.failures.size(), 2u);
  EXPECT_EQ(answer.failures[0].event, 1u);
  EXPECT_EQ(answer.failures[0].fault, Fault::bad_event);
  EXPECT_EQ(answer.failures[0].reason, "bad");
  EXPECT_EQ(answer.failures[1].fault, Fault::transient);
  EXPECT_EQ(answer.failures[1].reason, "slow database");
}

TEST_F(NativeFunctionTest, ABatchMayFailAsAWhole) {
  make("good");
  const auto answer = invoke({event("a", "row 1"), event("b", "fail_batch all wrong")});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->fault, Fault::bad_event);
  EXPECT_EQ(answer.error->message, "all wrong");
  EXPECT_THAT(answer.effects, IsEmpty());
}

TEST_F(NativeFunctionTest, TellsTheHandlerAboutItsInvocation) {
  now_ = 10'000'000;
  make("good");
  const auto answer = invoke({event("a", "about")});
  EXPECT_EQ(answer.effects.at(0).key, "r-1");
  EXPECT_EQ(answer.effects.at(0).data, "2 9 20000000 " + std::string(function_->version()));
  EXPECT_THAT(log_.lines, ElementsAre("f: asked about itself"));
}

TEST_F(NativeFunctionTest, OptionsReachTheConstructor) {
  make("good", {{"width", "40"}, {"mood", "loud"}, {"tags", "x"}, {"tags", "y"}, {"prefix", ""}});
  EXPECT_EQ(shown(invoke({event("a", "config")})), std::vector<std::string>{"0.0 3:0 a=40! x y"});
}

TEST_F(NativeFunctionTest, ReadsObjectsUntilTheHandlerReturns) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owner;
  read_object_ = [&owner](const Event& e, std::uint64_t) -> Result<Bytes> {
    if (e.key == "gone") return fail(Fault::bad_event, "the object is gone");
    return Bytes("pixels", std::move(owner));
  };
  make("good");
  const auto answer = invoke({event("a", "object"), event("gone", "object")});
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 row/a=pixels"));
  EXPECT_EQ(answer.failures.at(0).reason, "the object is gone");
  EXPECT_TRUE(watch.expired());
}

TEST_F(NativeFunctionTest, ASourceWithoutObjectsSaysSo) {
  make("good");
  const auto answer = invoke({event("a", "object")});
  EXPECT_EQ(answer.failures.at(0).reason, "this source has no objects to read");
  EXPECT_EQ(answer.failures.at(0).fault, Fault::bad_event);
}

TEST_F(NativeFunctionTest, ReadsRowsOfTables) {
  read_row_ = [](std::string_view table, std::string_view key) -> Result<std::optional<Bytes>> {
    if (key == "x") return fail(Fault::transient, "the store is paused");
    if (key != "1") return std::nullopt;
    return Bytes::copy(std::string(table) + "!");
  };
  make("good");
  const auto answer = invoke({event("a", "table 1"), event("b", "table 2"), event("c", "table x")});
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 row/a=users!", "1.0 3:0 row/b=nobody"));
  EXPECT_EQ(answer.failures.at(0).reason, "the store is paused");
}

TEST_F(NativeFunctionTest, ExtensionsOfEveryEventAreItsOwn) {
  make("good");
  const Attribute first[] = {{"trace", "1"}, {"region", "eu"}};
  const Attribute second[] = {{"region", "us"}};
  auto a = event("a", "extension region");
  auto b = event("b", "extension region");
  a.extensions = first;
  b.extensions = second;
  EXPECT_THAT(shown(invoke({a, b})), ElementsAre("0.0 3:0 row/a=eu", "1.0 3:0 row/b=us"));
}

TEST_F(NativeFunctionTest, AConstructorThatThrowsIsABadConfiguration) {
  for (const auto& [where, reason] : {std::pair{"constructor", "no model file"},
                                      std::pair{"constructor_int",
                                                "the constructor threw something that is not a "
                                                "std::exception"}}) {
    const auto made = try_make("throwing", {{"where", where}});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::bad_config);
    EXPECT_EQ(made.error().message, std::string("it cannot start: ") + reason);
  }
}

TEST_F(NativeFunctionTest, ARuleOfTheSpecThatFailsIsABadConfiguration) {
  const auto made = try_make("good", {{"prefix", "forbidden"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "it cannot start: prefix must not be 'forbidden'");
}

TEST_F(NativeFunctionTest, AHandlerThatThrowsFailsItsBatchOnly) {
  make("throwing");
  EXPECT_EQ(error_of({event("a", "")}), "the model does not fit");
  EXPECT_EQ(error_of({event("a", "")}), "the model does not fit");
  make("throwing", {{"where", "handler_int"}});
  EXPECT_EQ(error_of({event("a", "")}), "threw something that is not a std::exception");
}

TEST_F(NativeFunctionTest, AResponseBeyondTheMemoryLimitFailsAndIsFreed) {
  make("good");
  EXPECT_EQ(error_of({event("a", "fill 2000000")}),
            "ran out of memory; it was refused memory beyond its limit of 1048576 bytes (memory:)");
  for (int i = 0; i < 20; ++i)
    ASSERT_FALSE(invoke({event("a", "fill 400000")}).error) << "memory was not given back";
}

TEST_F(NativeFunctionTest, AHandlerSeesItsDeadlinePass) {
  step_ = 1'000'000;
  make("good");
  const auto answer = invoke({event("a", "linger")});
  EXPECT_EQ(answer.failures.at(0).reason, "gave up after 29");
}

TEST_F(NativeFunctionTest, CancelEndsWhatRuns) {
  make("good");
  std::barrier running(2);
  read_object_ = [&running](const Event&, std::uint64_t) -> Result<Bytes> {
    running.arrive_and_wait();
    return Bytes::forever("started");
  };
  std::string reason;
  std::thread invoking([&] {
    const auto answer = invoke({event("a", "object"), event("b", "linger")});
    reason = answer.failures.at(0).reason;
  });
  running.arrive_and_wait();
  function_->cancel();
  invoking.join();
  EXPECT_THAT(reason, testing::StartsWith("gave up after"));
}

TEST_F(NativeFunctionTest, AFunctionInCWorksTheSame) {
  make("plain");
  const auto answer = invoke({event("a", "four"), event("b", "")});
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 clicks/3@42=4", "1.0 3:0 clicks/3@42=0"));
  EXPECT_TRUE(function_->traits().non_blocking);
}

TEST_F(NativeFunctionTest, ARefusedAllocationThatEndsInNoResponseIsExplained) {
  memory_bytes_max_ = 10;
  make("plain");
  EXPECT_THAT(error_of({event("a", "four")}), HasSubstr("beyond its limit of 10 bytes"));
}

TEST_F(NativeFunctionTest, EveryWrongAnswerIsASentence) {
  const std::pair<const char*, const char*> cases[] = {
      {"no_response", "it gave no response"},
      {"small_response", "its response has 8 bytes"},
      {"status", "its response has the unknown status 99"},
      {"event", "effect 0 names event 77 of a batch of 1"},
      {"output", "effect 0 names output 5, but it declares 1"},
      {"kind", "effect 0 is of the unknown kind 6"},
      {"wrong_output", "effect 0 puts an object, but output 'rows' carries rows"},
      {"merge", "effect 0 merges by the unknown kind 6"},
      {"metadata", "effect 0 carries 1073741824 metadata entries; at most 1024 are taken"},
      {"slice", "effect 0 has a text without data"},
      {"stride", "its effects are a malformed array"},
      {"no_effects", "its effects are a malformed array"},
      {"small_effect", "its effects are a malformed array"},
      {"failure_event", "failure 0 names event 3 of a batch of 1"},
      {"failure_fault", "failure 0 has the unknown fault 8"}};
  for (const auto& [mode, sentence] : cases) {
    make("rogue", {{"mode", mode}});
    EXPECT_EQ(error_of({event("a", "")}),
              std::string("the function answered against the ABI: ") + sentence);
  }
}

TEST_F(NativeFunctionTest, LargerEffectsOfALaterVersionAreWalkedByTheirStride) {
  make("rogue");
  EXPECT_THAT(shown(invoke({event("a", "")})), ElementsAre("0.0 3:0 =", "0.1 3:0 ="));
}

TEST_F(NativeFunctionTest, AnImpossibleAlignmentIsRefused) {
  make("rogue", {{"mode", "alignment"}});
  EXPECT_FALSE(invoke({event("a", "")}).error);
}

TEST_F(NativeFunctionTest, ALeakIsReportedOnce) {
  make("rogue", {{"mode", "leak"}});
  invoke({event("a", "")});
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("a freed response kept 100 bytes")));
}

TEST_F(NativeFunctionTest, APluginMayAskToBeStartedLater) {
  const auto later = try_make("rogue", {{"mode", "create_later"}});
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().fault, Fault::transient);
  EXPECT_EQ(later.error().message, "it cannot start: later, please");
  const auto nothing = try_make("rogue", {{"mode", "create_null"}});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message, "it cannot start: it gives no reason");
}

TEST_F(NativeFunctionTest, AResponseOutlivesLaterInvocationsAndTheFunction) {
  make("good");
  std::vector<Answer> answers;
  const std::vector<Event> first = {event("a", "row one")};
  const std::vector<Event> second = {event("b", "row two")};
  for (const auto& events : {std::span(first), std::span(second)}) {
    auto request = this->request();
    request.events = events;
    answers.push_back(function_->invoke(request));
  }
  function_.reset();
  EXPECT_EQ(shown(answers[0].effects.at(0)), "0.0 3:0 row/a=one");
  EXPECT_EQ(shown(answers[1].effects.at(0)), "0.0 3:0 row/b=two");
  answers.erase(answers.begin());
  EXPECT_EQ(shown(answers[0].effects.at(0)), "0.0 3:0 row/b=two");
}

TEST_F(NativeFunctionTest, InstancesAreMadeOnDemandUpToTheConcurrency) {
  make("good", {}, 2);
  EXPECT_EQ(function_->instances(), 1u);
  std::barrier inside(3);
  std::barrier leave(3);
  read_object_ = [&](const Event&, std::uint64_t) -> Result<Bytes> {
    inside.arrive_and_wait();
    leave.arrive_and_wait();
    return Bytes::forever("x");
  };
  const std::vector<Event> events = {event("a", "object")};
  auto shared = request();
  shared.events = events;
  std::vector<std::thread> busy;
  for (int i = 0; i < 2; ++i)
    busy.emplace_back([&] { EXPECT_FALSE(function_->invoke(shared).error); });
  inside.arrive_and_wait();
  EXPECT_EQ(function_->instances(), 2u);
  const auto third = function_->invoke(shared);
  ASSERT_TRUE(third.error);
  EXPECT_EQ(third.error->fault, Fault::throttled);
  EXPECT_EQ(third.error->message, "all 2 instances of function f are busy");
  EXPECT_GT(third.error->retry_after, 0ms);
  leave.arrive_and_wait();
  for (auto& thread : busy) thread.join();
}

TEST_F(NativeFunctionTest, ProvisionedInstancesExistBeforeTheFirstEvent) {
  make("good", {}, 4);
  ASSERT_TRUE(function_->provision(9));
  EXPECT_EQ(function_->instances(), 4u);
  make("plain", {}, 4);
  ASSERT_TRUE(function_->provision(4));
  EXPECT_EQ(function_->instances(), 1u) << "a thread-safe plugin needs one";
}

TEST_F(NativeFunctionTest, ManyThreadsShareAThreadSafeInstance) {
  make("plain");
  const std::vector<Event> events = {event("a", "four")};
  auto shared = request();
  shared.events = events;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        if (function_->invoke(shared).effects.at(0).data == "4") ++right;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
  EXPECT_EQ(function_->instances(), 1u);
}

TEST_F(NativeFunctionTest, ItsVersionNamesBinaryAndConfiguration) {
  make("good");
  const std::string before(function_->version());
  make("good", {{"width", "1"}});
  EXPECT_THAT(std::string(function_->version()), Not(before));
}

}  // namespace
}  // namespace tidemill

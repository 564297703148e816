// What a function in a worker does: the same as in process.
#include <atomic>
#include <thread>

#include "core/worker/testing/worker_function_fixture.h"

namespace tidemill {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string shown(const Effect& e) {
  std::string line = std::to_string(e.event) + "." + std::to_string(e.ordinal) + " " +
                     std::to_string(static_cast<int>(e.kind)) + ":" + std::to_string(e.output) +
                     " " + std::string(e.key) + "=" + std::string(e.data);
  if (e.operand != 0) line += " " + std::to_string(e.operand);
  for (const Attribute& a : e.metadata)
    line += " " + std::string(a.name) + ":" + std::string(a.value);
  return line;
}

TEST_F(WorkerFunctionTest, CarriesEveryKindOfEffectBack) {
  make();
  const std::vector<Event> events = {event("a", "all data"), event("b", "say hello")};
  const Answer answer = invoke(events);
  ASSERT_FALSE(answer.error) << answer.error->message;
  std::vector<std::string> lines;
  for (const Effect& e : answer.effects) lines.push_back(shown(e));
  EXPECT_THAT(lines,
              ElementsAre("0.0 4:0 a=", "0.1 5:0 a= -7", "0.2 1:1 a=data width:200 by:unruly",
                          "0.3 0:2 a=data", "1.0 3:0 b=hello"));
  EXPECT_EQ(answer.effects[2].content_type, "text/plain");
  EXPECT_EQ(answer.effects[1].merge, MergeKind::max);
  EXPECT_THAT(function_->traits().outputs, ElementsAre("rows", "files", "notes"));
}

TEST_F(WorkerFunctionTest, NeverRunsOnTheEventLoopWhateverThePluginPromises) {
  make();
  EXPECT_FALSE(function_->traits().non_blocking);
}

TEST_F(WorkerFunctionTest, TakesPartsOfAnEventWithoutACopy) {
  make();
  const std::vector<Event> events = {event("some key", "echo")};
  const Answer answer = invoke(events);
  ASSERT_THAT(answer.effects, SizeIs(1));
  EXPECT_EQ(answer.effects[0].data.data(), events[0].data.view().data());
  EXPECT_EQ(answer.effects[0].key.data(), events[0].key.data());
}

TEST_F(WorkerFunctionTest, KnowsAllThatAnEventSaysOfItself) {
  make();
  const Attribute extensions[] = {{"other", "x"}, {"trace", "00-1"}};
  Event e = event("k", "about");
  e.type = "click";
  e.subject = "page";
  e.content_type = "text/plain";
  e.time = EventTime(123);
  e.object_bytes = 77;
  e.extensions = extensions;
  const Answer answer = invoke({e});
  ASSERT_THAT(answer.effects, SizeIs(1));
  EXPECT_EQ(answer.effects[0].data, "clicks/3@42|clicks|click|page|text/plain|00-1|123|77|r-1|2|9");
}

TEST_F(WorkerFunctionTest, BuildsTheIdentityOfAnEventThatHasNone) {
  make();
  Event object = event("k", "identify");
  object.subject = "page";
  object.version = "v7";
  Event named = event("k", "identify");
  named.id = "order-1";
  const std::vector<Event> events = {event("k", "identify"), object, named};
  const Answer answer = invoke(events);
  ASSERT_THAT(answer.effects, SizeIs(3));
  EXPECT_EQ(answer.effects[0].key, "clicks/3@42");
  EXPECT_EQ(answer.effects[1].key, "clicks/page@v7");
  EXPECT_EQ(answer.effects[2].key.data(), events[2].id.data());
}

TEST_F(WorkerFunctionTest, FailsEventsAndBatchesAsThePluginSays) {
  make();
  const std::vector<Event> events = {event("a", "fail bad"), event("b", "say x"),
                                     event("c", "fail later")};
  const Answer answer = invoke(events);
  ASSERT_THAT(answer.failures, SizeIs(2));
  EXPECT_EQ(answer.failures[0].fault, Fault::bad_event);
  EXPECT_EQ(answer.failures[1].fault, Fault::transient);
  EXPECT_EQ(answer.failures[1].reason, "later");
  EXPECT_THAT(answer.effects, SizeIs(1));

  const Answer whole = invoke({event("a", "fail_batch no")});
  ASSERT_TRUE(whole.error);
  EXPECT_EQ(whole.error->fault, Fault::bad_event);
  EXPECT_EQ(whole.error->message, "no");
}

TEST_F(WorkerFunctionTest, ReadsObjectsOfAnySizeThroughTheEngine) {
  std::string large;
  for (int i = 0; large.size() < (5u << 20); ++i) large += std::to_string(i) + ",";
  read_object_ = [&](const Event& e, std::uint64_t) -> Result<Bytes> {
    if (e.key == "gone") return fail(Fault::bad_event, "the object is gone");
    return Bytes::forever(e.key == "none" ? std::string_view() : std::string_view(large));
  };
  make();
  const std::vector<Event> events = {event("large", "object"), event("none", "object"),
                                     event("gone", "object")};
  const Answer answer = invoke(events);
  ASSERT_THAT(answer.effects, SizeIs(2));
  EXPECT_TRUE(answer.effects[0].data == large);
  EXPECT_EQ(answer.effects[1].data, "");
  ASSERT_THAT(answer.failures, SizeIs(1));
  EXPECT_EQ(answer.failures[0].reason, "the object is gone");
  EXPECT_EQ(answer.failures[0].fault, Fault::bad_event);
}

TEST_F(WorkerFunctionTest, AsksASourceForNoObjectBeyondItsMemory) {
  std::uint64_t asked = 0;
  read_object_ = [&](const Event&, std::uint64_t bytes_max) -> Result<Bytes> {
    asked = bytes_max;
    return fail(Fault::bad_event, "it is too large");
  };
  make();
  EXPECT_EQ(row_of("object"), "failed: it is too large");
  EXPECT_EQ(asked, memory_bytes_max_);
}

TEST_F(WorkerFunctionTest, ReadsRowsThroughTheEngine) {
  read_row_ = [](std::string_view table, std::string_view key,
                 std::vector<RowRead>&) -> Result<std::optional<Bytes>> {
    if (key == "broken") return fail(Fault::transient, "the disk is broken");
    if (key != "ann") return std::optional<Bytes>();
    return std::optional(Bytes::copy(std::string(table) + " has ann"));
  };
  make();
  EXPECT_EQ(row_of("table ann"), "users has ann");
  EXPECT_EQ(row_of("table bob"), "nobody");
  EXPECT_EQ(row_of("table broken"), "failed: the disk is broken");
}

TEST_F(WorkerFunctionTest, ScansTablesThroughTheEngine) {
  scan_rows_ = [](const TableScan& scan, std::vector<RowRead>&) -> Result<Bytes> {
    if (scan.after == "broken") return fail(Fault::transient, "the disk is broken");
    ScanPageWriter page(scan);
    // More than goes through the channel at once.
    page.add("ann", std::string(3 << 20, 'a').substr(0, scan.bytes_max - 3));
    return page.finish();
  };
  make();
  EXPECT_EQ(row_of("scan a"), "ann=" + std::string((1 << 20) - 3, 'a'));
  EXPECT_EQ(row_of("scan broken"), "failed: the disk is broken");
}

TEST_F(WorkerFunctionTest, ItsReplyComesBack) {
  make();
  const Answer answer = invoke({event("a", "reply nobody")});
  ASSERT_EQ(answer.effects.size(), 1u);
  EXPECT_EQ(answer.effects[0].kind, EffectKind::reply);
  EXPECT_EQ(answer.effects[0].operand, 404);
  EXPECT_EQ(answer.effects[0].data, "nobody");
}

TEST_F(WorkerFunctionTest, ReadsSoManyRowsForABatchAndNoMore) {
  read_row_ = [](std::string_view, std::string_view,
                 std::vector<RowRead>& reads) -> Result<std::optional<Bytes>> {
    reads.push_back({TableId(1), 7, 0});
    return std::nullopt;
  };
  make();
  const Answer answer = invoke(std::vector(reads_max + 1, event("a", "table ann")));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.reads.size(), reads_max);
  ASSERT_THAT(answer.failures, SizeIs(1));
  EXPECT_EQ(answer.failures[0].event, reads_max);
  EXPECT_EQ(answer.failures[0].reason, too_many_reads);
}

TEST_F(WorkerFunctionTest, SaysThatThereIsNothingToReadFrom) {
  make();
  EXPECT_EQ(row_of("object"), "failed: this source has no objects to read");
  EXPECT_EQ(row_of("table ann"), "failed: there is no table to read here");
}

TEST_F(WorkerFunctionTest, PassesOnWhatAHandlerLogsAndPrints) {
  make();
  EXPECT_EQ(row_of("log a sentence"), "");
  EXPECT_TRUE(log_.says("f: a sentence"));
  EXPECT_EQ(row_of("print a word"), "");
  EXPECT_TRUE(log_.says("f prints: a word"));
}

TEST_F(WorkerFunctionTest, KeepsItsWorkerFromBatchToBatch) {
  make();
  const auto pid = row_of("pid");
  EXPECT_EQ(row_of("pid"), pid);
  EXPECT_NE(pid, std::to_string(getpid()));
}

TEST_F(WorkerFunctionTest, ServesThreadsSideBySide) {
  make();
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const auto key = std::to_string(t);
      for (int i = 0; i < 50; ++i) {
        const Answer answer = invoke({event(key, "echo me")});
        if (answer.effects.size() == 1 && answer.effects[0].key == key) ++right;
      }
    });
  threads.clear();
  EXPECT_EQ(right, 200);
}

TEST_F(WorkerFunctionTest, IsThrottledBeyondItsConcurrency) {
  std::atomic<bool> asked = false, go_on = false;
  read_object_ = [&](const Event&, std::uint64_t) -> Result<Bytes> {
    asked = true;
    asked.notify_all();
    go_on.wait(false);
    return Bytes();
  };
  make({}, 1);
  std::jthread busy([&] { EXPECT_EQ(row_of("object"), ""); });
  asked.wait(false);
  const Answer answer = invoke({event("k", "echo")});
  go_on = true;
  go_on.notify_all();
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->fault, Fault::throttled);
  EXPECT_EQ(answer.error->message, "all 1 workers of function f are busy");
}

TEST_F(WorkerFunctionTest, RefusesABatchThatItsMemoryHasNoRoomFor) {
  memory_bytes_max_ = 1 << 20;
  make();
  const std::string large(2 << 20, 'x');
  const Answer answer = invoke({event("k", large)});
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->message, "the batch is larger than the memory of its function (memory:)");
  EXPECT_EQ(row_of("say still here"), "still here");
}

TEST_F(WorkerFunctionTest, TakesBatchesOfManyMebibytes) {
  make();
  const std::string large = "echo " + std::string(30 << 20, 'x');
  const std::vector<Event> events = {event("k", large), event("l", "fill 20000000")};
  for (int i = 0; i < 2; ++i) {
    const Answer answer = invoke(events);
    ASSERT_THAT(answer.effects, SizeIs(2));
    EXPECT_TRUE(answer.effects[0].data == large);
    EXPECT_EQ(answer.effects[1].data.size(), 20'000'000u);
  }
}

TEST_F(WorkerFunctionTest, HandsOverNoDescriptorsButItsOwn) {
  const Descriptor secret(dup(0));
  ASSERT_TRUE(secret);
  make();
  EXPECT_EQ(row_of("descriptors"), "0 1 2 3 4 5 6 ");
}

TEST_F(WorkerFunctionTest, ShowsNoSecretsOfTheEnvironment) {
  setenv("TIDEMILL_TEST_SECRET", "hunter2", 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  make();
  const auto environment = row_of("environment");
  EXPECT_THAT(environment, AllOf(HasSubstr("PATH="), HasSubstr("LC_ALL=C.UTF-8\n"),
                                 HasSubstr("HOME=/nonexistent\n"), Not(HasSubstr("hunter2"))));
  unsetenv("TIDEMILL_TEST_SECRET");
}

TEST_F(WorkerFunctionTest, LivesInAGroupOfItsOwnAndDumpsNoCore) {
  make();
  EXPECT_EQ(row_of("group"), row_of("pid"));
  EXPECT_EQ(row_of("core"), "0");
}

TEST_F(WorkerFunctionTest, HasTheVersionItWouldHaveInProcess) {
  make();
  const auto first = std::string(function_->version());
  EXPECT_THAT(first, SizeIs(32));
  make({{"at_start", "else"}});
  EXPECT_NE(first, function_->version());
}

TEST_F(WorkerFunctionTest, SaysAtOnceThatAPluginRefusesItsConfiguration) {
  const auto made = try_make({{"at_start", "refuse"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::bad_config);
  EXPECT_EQ(made.error().message, "it cannot start: it was told to refuse");
}

TEST_F(WorkerFunctionTest, LeavesNoProcessBehind) {
  make();
  const Ending ending(row_of("pid"));
  function_.reset();
  EXPECT_TRUE(ending.waited());
}

}  // namespace
}  // namespace tidemill

#include "core/invoke/native_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <utility>

#include "core/invoke/testing/native_function_fixture.h"

namespace tidemill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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

TEST_F(NativeFunctionTest, EventsInTheFormOfTheAbiAreHandedOn) {
  make("good");
  const auto slice = [](std::string_view text) { return tidemill_slice{text.data(), text.size()}; };
  const std::string data[] = {"whole", "whole", "object"};
  std::vector<tidemill_event> events(3);
  for (std::size_t i = 0; i < 3; ++i)
    events[i] = {.size = sizeof(tidemill_event),
                 .extension_count = 0,
                 .id = {},
                 .source = slice("clicks"),
                 .type = {},
                 .subject = i == 1 ? slice("page") : tidemill_slice{},
                 .content_type = {},
                 .key = slice("k"),
                 .data = slice(data[i]),
                 .time_us = 0,
                 .object_bytes = 0,
                 .extensions = nullptr};
  const std::vector<RawEvents::Position> positions = {
      {.offset = 42, .partition = 3}, {.version = slice("v1")}, {}};
  const RawEvents raw{.events = events,
                      .positions = positions,
                      .read_object = [](std::size_t event, std::uint64_t) -> Result<Bytes> {
                        return Bytes::copy("object of " + std::to_string(event));
                      }};
  const auto answer = function_->invoke(request(), raw);
  EXPECT_THAT(shown(answer),
              ElementsAre("0.0 3:0 clicks/3@42=whole", "1.0 3:0 clicks/page@v1=whole",
                          "2.0 3:0 row/k=object of 2"));
  EXPECT_EQ(answer.effects.at(0).data.data(), data[0].data());
  EXPECT_EQ(events[0].id.size, 0u) << "an id that was built is put into a copy";
}

TEST_F(NativeFunctionTest, TellsTheHandlerAboutItsInvocation) {
  now_ = 10'000'000;
  make("good");
  const auto answer = invoke({event("a", "about")});
  EXPECT_EQ(answer.effects.at(0).key, "r-1");
  EXPECT_EQ(answer.effects.at(0).data, "2 9 30000000 " + std::string(function_->version()));
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

TEST_F(NativeFunctionTest, AsksASourceForNoObjectBeyondItsMemory) {
  std::uint64_t asked = 0;
  read_object_ = [&asked](const Event&, std::uint64_t bytes_max) -> Result<Bytes> {
    asked = bytes_max;
    return Bytes();
  };
  memory_bytes_max_ = 4;
  make("good");
  std::ignore = invoke({event("a", "object")});
  EXPECT_EQ(asked, 4u);
}

TEST_F(NativeFunctionTest, AnObjectThatTheEngineHasNoMemoryForFailsItsEvent) {
  read_object_ = [](const Event&, std::uint64_t) -> Result<Bytes> { throw std::bad_alloc(); };
  make("good");
  const auto answer = invoke({event("a", "object")});
  EXPECT_EQ(answer.failures.at(0).reason, "there is no memory for the object");
  EXPECT_EQ(answer.failures.at(0).fault, Fault::transient);
}

TEST_F(NativeFunctionTest, ASourceWithoutObjectsSaysSo) {
  make("good");
  const auto answer = invoke({event("a", "object")});
  EXPECT_EQ(answer.failures.at(0).reason, "this source has no objects to read");
  EXPECT_EQ(answer.failures.at(0).fault, Fault::bad_event);
}

TEST_F(NativeFunctionTest, ReadsRowsOfTables) {
  read_row_ = [](std::string_view table, std::string_view key,
                 std::vector<RowRead>&) -> Result<std::optional<Bytes>> {
    if (key == "x") return fail(Fault::transient, "the store is paused");
    if (key != "1") return std::nullopt;
    return Bytes::copy(std::string(table) + "!");
  };
  make("good");
  const auto answer = invoke({event("a", "table 1"), event("b", "table 2"), event("c", "table x")});
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 row/a=users!", "1.0 3:0 row/b=nobody"));
  EXPECT_EQ(answer.failures.at(0).reason, "the store is paused");
}

TEST_F(NativeFunctionTest, AHandlerReadsSoManyRowsForABatchAndNoMore) {
  read_row_ = [](std::string_view, std::string_view,
                 std::vector<RowRead>& reads) -> Result<std::optional<Bytes>> {
    reads.push_back({TableId(1), 7, 0});
    return std::nullopt;
  };
  memory_bytes_max_ = 256 << 20;
  make("good");
  const auto answer = invoke(std::vector(reads_max + 1, event("a", "table 1")));
  ASSERT_FALSE(answer.error) << answer.error->message;
  EXPECT_EQ(answer.reads.size(), reads_max);
  ASSERT_EQ(answer.failures.size(), 1u);
  EXPECT_EQ(answer.failures[0].event, reads_max);
  EXPECT_EQ(answer.failures[0].reason, too_many_reads);
}

TEST_F(NativeFunctionTest, ReadsRowsInTheOrderOfTheirKeys) {
  scan_rows_ = [](const TableScan& scan, std::vector<RowRead>& reads) -> Result<Bytes> {
    if (scan.prefix == "x") return fail(Fault::transient, "the store is paused");
    ScanPageWriter page(scan);
    for (const char* key : {"a/1", "a/2", "a/3", "b/1"})
      if (std::string_view(key).starts_with(scan.prefix)) {
        if (!page.add(key, scan.table)) break;
        reads.push_back({TableId(1), 7, 0});
      }
    return page.finish();
  };
  make("good");
  const auto answer = invoke({event("a", "scan a"), event("b", "scan b"), event("c", "scan x")});
  EXPECT_THAT(shown(answer), ElementsAre("0.0 3:0 row/a=a/1=users a/2=users and more",
                                         "1.0 3:0 row/b=b/1=users all"));
  EXPECT_EQ(answer.reads.size(), 3u);
  EXPECT_EQ(answer.failures.at(0).reason, "the store is paused");
}

TEST_F(NativeFunctionTest, WithoutTablesAScanSaysSo) {
  make("good");
  EXPECT_EQ(invoke({event("a", "scan a")}).failures.at(0).reason, "there is no table to read here");
}

TEST_F(NativeFunctionTest, RepliesToItsEvent) {
  make("good");
  const auto answer = invoke({event("a", "row 1"), event("b", "reply made")});
  ASSERT_EQ(answer.effects.size(), 2u);
  const Effect& reply = answer.effects[1];
  EXPECT_EQ(reply.kind, EffectKind::reply);
  EXPECT_EQ(reply.event, 1u);
  EXPECT_EQ(reply.output, no_output);
  EXPECT_EQ(reply.operand, 201);
  EXPECT_EQ(reply.data, "made");
  EXPECT_EQ(reply.content_type, "text/plain");
  ASSERT_EQ(reply.metadata.size(), 1u);
  EXPECT_EQ(reply.metadata[0].value, "/users/1");
}

TEST_F(NativeFunctionTest, AStatusThatHttpDoesNotKnowIsAgainstTheRules) {
  make("good");
  EXPECT_EQ(error_of({event("b", "reply badly")}),
            "the function answered against the ABI: effect 0 replies with status 99; those from "
            "200 to 599 are taken");
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

TEST_F(NativeFunctionTest, AnImpossibleAlignmentIsRefused) {
  make("rogue", {{"mode", "alignment"}});
  EXPECT_FALSE(invoke({event("a", "")}).error);
}

TEST_F(NativeFunctionTest, ItsVersionNamesBinaryAndConfiguration) {
  make("good");
  const std::string before(function_->version());
  make("good", {{"width", "1"}});
  EXPECT_THAT(std::string(function_->version()), Not(before));
}

}  // namespace
}  // namespace tidemill

#include "core/letters/letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tidemill/testing/temp_folder.h"

namespace tidemill::letters {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr WallTime now(1'700'000'100'000'000);
constexpr WallTime died(1'700'000'000'000'000);
constexpr WallTime died_later(1'700'000'040'000'000);

DeadLetter broken_picture() {
  DeadLetter letter;
  letter.event_id = "folder:/in/x.jpg@v9";
  letter.code = "bad_event";
  letter.reason = "truncated";
  letter.function = "thumbnail";
  letter.function_version = "cafe";
  letter.attempts = 3;
  letter.first_died = letter.died = died;
  letter.source = "folder:/in";
  letter.subject = "x.jpg";
  letter.extensions = {{"traceparent", "00-0af7"}};
  letter.data = "{\"object\":1}";
  return letter;
}

DeadLetter refused_order() {
  DeadLetter letter;
  letter.event_id = letter.id = "order-7";
  letter.stage = Stage::sink;
  letter.sink = "mail";
  letter.code = "transient";
  letter.reason = "busy";
  letter.attempts = 5;
  letter.replays = 3;
  letter.first_died = died;
  letter.died = died_later;
  letter.type = "order";
  letter.data = "{\"kind\":\"refund\",\"amount\":12}";
  return letter;
}

DeadLetter unreadable_line() {
  DeadLetter letter;
  letter.event_id = "file:/a.csv/0@12";
  letter.stage = Stage::source;
  letter.code = "unreadable";
  letter.reason = "too few fields";
  letter.first_died = letter.died = died;
  letter.data = "1,2";
  return letter;
}

class LettersTest : public ::testing::Test {
 protected:
  LettersTest() {
    store_ = *RocksStore::open(folder_.path(), {.engine_id = "e", .now = now});
    const PipelineId thumbs = *store_->pipeline("thumbs", "");
    const PipelineId orders = *store_->pipeline("orders", "");
    const CommitPart first{.pipeline = thumbs, .dead_letters = {broken_picture()}};
    const CommitPart second{.pipeline = orders,
                            .dead_letters = {refused_order(), unreadable_line()}};
    const CommitPart* parts[] = {&first, &second};
    EXPECT_TRUE(store_->commit(parts, now, Durability::sync));
  }

  LetterFilter filter(const Words& words) {
    auto read = LetterFilter::read(words, now);
    EXPECT_TRUE(read) << read.error().message;
    return std::move(*read);
  }

  // The numbers of what a filter leaves.
  std::vector<std::uint64_t> numbers(const Words& words) {
    LetterFilter wanted = filter(words);
    std::vector<std::uint64_t> all;
    const auto choice = choose(*store_, wanted, now, Form::json, {});
    EXPECT_TRUE(choice);
    if (choice)
      for (const DeadLetterId& id : choice->letters) all.push_back(id.number);
    return all;
  }

  std::string refusal(const Words& words) {
    const auto read = LetterFilter::read(words, now);
    return read ? "" : read.error().message;
  }

  LineSink collect() {
    lines_.clear();
    return [this](std::string_view line) {
      lines_.emplace_back(line);
      return true;
    };
  }

  testing::TempFolder folder_;
  std::unique_ptr<RocksStore> store_;
  std::vector<std::string> lines_;
};

TEST_F(LettersTest, AreListedWithWhatHappened) {
  LetterFilter all;
  ASSERT_TRUE(list(*store_, all, now, Form::text, collect()));
  EXPECT_THAT(lines_, ElementsAre("1 2023-11-14T22:13:20.000000Z thumbs folder:/in/x.jpg@v9: "
                                  "truncated",
                                  "2 2023-11-14T22:14:00.000000Z orders order-7: busy",
                                  "3 2023-11-14T22:13:20.000000Z orders file:/a.csv/0@12: "
                                  "too few fields"));
  LetterFilter of_orders = filter({{"number", "2"}});
  ASSERT_TRUE(list(*store_, of_orders, now, Form::json, collect()));
  EXPECT_THAT(
      lines_,
      ElementsAre(R"({"number":2,"pipeline":"orders","event_id":"order-7","stage":"sink",)"
                  R"("sink":"mail","code":"transient","reason":"busy","attempts":5,"replays":3,)"
                  R"("first_died":"2023-11-14T22:13:20.000000Z",)"
                  R"("died":"2023-11-14T22:14:00.000000Z"})"));
}

TEST_F(LettersTest, OneIsShownWhole) {
  ASSERT_TRUE(show(*store_, 1, now, Form::json, collect()));
  ASSERT_THAT(lines_, SizeIs(1));
  EXPECT_THAT(lines_[0], HasSubstr(R"("function":"thumbnail","function_version":"cafe")"));
  EXPECT_THAT(lines_[0], HasSubstr(R"("headers":{"traceparent":"00-0af7"},"data":{"object":1}}})"));
  ASSERT_TRUE(show(*store_, 1, now, Form::text, collect()));
  EXPECT_THAT(lines_, ::testing::Contains("reason            truncated"));
  EXPECT_THAT(lines_, ::testing::Contains("header traceparent 00-0af7"));
  EXPECT_THAT(lines_, ::testing::Not(::testing::Contains(HasSubstr("sink"))));
  EXPECT_EQ(show(*store_, 7, now, Form::text, collect()).error().message,
            "there is no dead letter 7");
}

TEST_F(LettersTest, AreFilteredByEveryWord) {
  EXPECT_THAT(numbers({}), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers({{"pipeline", "orders"}}), ElementsAre(2, 3));
  EXPECT_THAT(numbers({{"function", "thumbnail"}}), ElementsAre(1));
  EXPECT_THAT(numbers({{"stage", "sink"}}), ElementsAre(2));
  EXPECT_THAT(numbers({{"code", "unreadable"}}), ElementsAre(3));
  EXPECT_THAT(numbers({{"number", "3,1"}}), ElementsAre(1, 3));
  EXPECT_THAT(numbers({{"since", "70s"}}), ElementsAre(2));
  EXPECT_THAT(numbers({{"since", "1h"}}), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers({{"since", "2023-11-14T22:13:30Z"}}), ElementsAre(2));
  EXPECT_THAT(numbers({{"pipeline", "orders"}, {"code", "bad_event"}}), IsEmpty());
}

TEST_F(LettersTest, APatternSeesTheEventAsFiltersDoAndWhatHappenedToIt) {
  EXPECT_THAT(numbers({{"where", R"({"data":{"kind":["refund"]}})"}}), ElementsAre(2));
  EXPECT_THAT(
      numbers({{"where", R"({"type":["order"],"data":{"amount":[{"numeric":[">",20]}]}})"}}),
      IsEmpty());
  EXPECT_THAT(numbers({{"where", R"({"headers":{"traceparent":[{"exists":true}]}})"}}),
              ElementsAre(1));
  EXPECT_THAT(numbers({{"where", R"({"letter":{"replays":[{"numeric":["<",3]}]}})"}}),
              ElementsAre(1, 3));
  EXPECT_THAT(numbers({{"where", R"({"letter":{"reason":[{"prefix":"too few"}]}})"}}),
              ElementsAre(3));
  EXPECT_THAT(numbers({{"where", R"({"data":["1,2"]})"}}), ElementsAre(3));
}

TEST_F(LettersTest, AWrongWordIsToldWithWhatWasExpected) {
  EXPECT_EQ(refusal({{"stage", "sinks"}}),
            "stage: expected source, step, function or sink; got 'sinks'");
  EXPECT_EQ(
      refusal({{"since", "soon"}}),
      "since: expected a duration such as 2h, or an instant such as 2026-11-26T04:00:00Z; got "
      "'soon'");
  EXPECT_EQ(refusal({{"number", "3,x"}}),
            "number: expected numbers of dead letters, as `dlq list` prints them; got 'x'");
  EXPECT_THAT(refusal({{"where", "{\"type\":\"order\"}"}}), HasSubstr("where: "));
  LetterFilter unknown = filter({{"pipeline", "order"}});
  EXPECT_EQ(list(*store_, unknown, now, Form::text, collect()).error().message,
            "there is no pipeline order; pipelines: orders, thumbs");
}

TEST_F(LettersTest, StatsCountByPlaceAndCode) {
  const DeadLetterId waits{*store_->find_pipeline("orders"), 2};
  ASSERT_TRUE(store_->mark_replays(std::span(&waits, 1), Duration(0)));
  LetterFilter all;
  ASSERT_TRUE(stats(*store_, all, now, Form::text, collect()));
  EXPECT_THAT(
      lines_,
      ElementsAre("orders: 1 at source: unreadable, from 2023-11-14T22:13:20.000000Z to "
                  "2023-11-14T22:13:20.000000Z",
                  "orders: 1 at sink mail: transient, from 2023-11-14T22:13:20.000000Z to "
                  "2023-11-14T22:14:00.000000Z; 1 wait for their replay",
                  "thumbs: 1 at function thumbnail: bad_event, from 2023-11-14T22:13:20.000000Z to "
                  "2023-11-14T22:13:20.000000Z"));
  LetterFilter pictures = filter({{"pipeline", "thumbs"}});
  ASSERT_TRUE(stats(*store_, pictures, now, Form::json, collect()));
  EXPECT_THAT(lines_, ElementsAre(R"({"pipeline":"thumbs","stage":"function",)"
                                  R"("function":"thumbnail","code":"bad_event","letters":1,)"
                                  R"("waiting":0,"first_died":"2023-11-14T22:13:20.000000Z",)"
                                  R"("died":"2023-11-14T22:13:20.000000Z"})"));
}

TEST_F(LettersTest, AReplayLeavesOutWhatWouldOnlyFailAgain) {
  LetterFilter all;
  const auto choice = choose_for_replay(*store_, all, {}, now, Form::text, collect());
  ASSERT_TRUE(choice);
  EXPECT_THAT(choice->letters, SizeIs(1));
  EXPECT_THAT(choice->pipelines, ElementsAre(*store_->find_pipeline("thumbs")));
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("folder:/in/x.jpg@v9")));
  report(*choice, "would be replayed", Form::text, collect());
  EXPECT_THAT(lines_,
              ElementsAre("1 dead letter would be replayed",
                          "1 skipped: it was replayed 3 times or more and failed each time; "
                          "--force replays it all the same",
                          "1 skipped: its source could not read it; --force hands it on as it is"));
  ReplayOrder force;
  force.force = true;
  EXPECT_THAT(choose_for_replay(*store_, all, force, now, Form::text, {})->letters, SizeIs(3));
}

TEST_F(LettersTest, OnlyPipelinesThatRunReplayTheirs) {
  LetterFilter all;
  ReplayOrder order;
  order.force = true;
  order.runs = [this](PipelineId pipeline) { return pipeline == store_->find_pipeline("orders"); };
  const auto choice = choose_for_replay(*store_, all, order, now, Form::text, {});
  EXPECT_THAT(choice->letters, SizeIs(2));
  EXPECT_EQ(choice->skipped.at("pipeline thumbs does not run in this engine"), 1u);
}

TEST_F(LettersTest, ARateIsAGapBetweenLetters) {
  EXPECT_EQ(read_order({})->gap, Duration(0));
  EXPECT_EQ(read_order({{"rate", "100/s"}})->gap, std::chrono::milliseconds(10));
  EXPECT_EQ(read_order({{"rate", "5/m"}})->gap, std::chrono::seconds(12));
  EXPECT_FALSE(read_order({{"rate", "0/s"}}));
  EXPECT_EQ(read_order({{"rate", "fast"}}).error().message,
            "rate: expected a rate such as 100/s or 5/m; got 'fast'");
}

TEST_F(LettersTest, ProgressSaysWhatBecameOfEachThatWasChosen) {
  LetterFilter all;
  const auto choice = choose(*store_, all, now, Form::text, {});
  ASSERT_TRUE(store_->mark_replays(choice->letters, Duration(0)));
  EXPECT_EQ(progress(*store_, *choice, false)->waiting, 3u);

  const CommitPart replayed{.pipeline = *store_->find_pipeline("thumbs"), .replayed = {1}};
  DeadLetter again = refused_order();
  again.number = 2;
  const CommitPart failed{.pipeline = *store_->find_pipeline("orders"), .dead_letters = {again}};
  const CommitPart* parts[] = {&replayed, &failed};
  ASSERT_TRUE(store_->commit(parts, now, Durability::sync));
  const auto come = progress(*store_, *choice, true);
  ASSERT_TRUE(come);
  EXPECT_EQ(come->waiting, 1u);
  EXPECT_EQ(come->replayed, 1u);
  EXPECT_EQ(come->failed, 1u);
}

}  // namespace
}  // namespace tidemill::letters

#include "contents_1_3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/state/aggregate.h"
#include "core/state/rocks_store.h"

namespace tidemill::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using namespace std::string_literals;

constexpr WallTime written(1'900'000'000'000'000);
constexpr Duration gap = std::chrono::milliseconds(10);
constexpr std::uint64_t minute = 60'000'000;
constexpr std::uint64_t begin = 1'800'000'000'000'000 / minute * minute;

void commit(RocksStore& store, const CommitPart& part) {
  const CommitPart* parts[] = {&part};
  const auto committed = store.commit(parts, written, Durability::sync);
  ASSERT_TRUE(committed) << committed.error().message;
}

state::Aggregate of_one(const JsonNumber& number) {
  state::Aggregate one{.shows_count = true};
  one.add(number, number, number, number);
  return one;
}

RowChange fold(TableId table, std::string_view key, std::uint64_t start,
               const state::Aggregate& aggregate) {
  RowChange change{.table = table,
                   .kind = EffectKind::merge_row,
                   .time = EventTime(begin + start * minute),
                   .key = key,
                   .aggregate = &aggregate};
  change.window = RowWindow{.start = EventTime(begin + start * minute),
                            .end = EventTime(begin + (start + 1) * minute),
                            .announced = true,
                            .removed = true};
  return change;
}

std::vector<std::string> rows(RocksStore& store, TableId table) {
  std::vector<std::string> all;
  EXPECT_TRUE(store.each_row(table, "", written, [&](std::string_view key, const Row& row) {
    const std::uint64_t start = row.window ? (row.window->value - begin) / minute : 0;
    all.push_back(std::string(key) + "@" + std::to_string(start) + row.body);
    return true;
  }));
  return all;
}

void write_windows(RocksStore& store) {
  const PipelineId count = store.pipeline("count", "").value();
  const TableId views = store.table("views").value();
  ASSERT_TRUE(store.feed_changes("views"));
  ASSERT_TRUE(store.progress(count, "file:/clicks"));

  const state::Aggregate tenth = of_one(JsonNumber::of(0.1));
  const state::Aggregate seven = of_one(JsonNumber::of(std::int64_t{-7}));
  const state::Aggregate huge = of_one(JsonNumber::of(1e300));
  CommitPart part{.pipeline = count};
  part.rows = {fold(views, "/a", 0, tenth), fold(views, "/a", 1, seven),
               fold(views, "/b", 0, seven), fold(views, "/a", 0, huge)};
  part.logs = {{Partition(2), Offset(400), {}}};
  part.logs[0].clocks = {{views, EventTime(begin + minute), 3, 1}};
  commit(store, part);
  ASSERT_TRUE(store.flush());

  CommitPart last{.pipeline = count};
  last.rows = {fold(views, "/a", 0, seven), fold(views, "/c", 2, seven)};
  last.windows_over = {{views, EventTime(begin + minute), EventTime()}};
  commit(store, last);
}

void expect_windows(RocksStore& store) {
  const PipelineId count = store.pipeline("count", "").value();
  const TableId views = store.table("views").value();
  const StreamId changes = store.feed_changes("views")->id;
  EXPECT_THAT(rows(store, views),
              ElementsAre(R"(/a@0{"count":3,"sum":1e+300,"min":-7,"max":1e+300,)"
                          R"("avg":3.3333333333333335e+299})",
                          R"(/a@1{"count":1,"sum":-7,"min":-7,"max":-7,"avg":-7})",
                          R"(/b@0{"count":1,"sum":-7,"min":-7,"max":-7,"avg":-7})",
                          R"(/c@2{"count":1,"sum":-7,"min":-7,"max":-7,"avg":-7})"));
  const auto logs = store.log_progress(count).value();
  ASSERT_THAT(logs, SizeIs(1));
  EXPECT_THAT(logs[0].clocks, ElementsAre(ClockProgress{views, EventTime(begin + minute), 3, 1}));

  // Not a bit of 0.1 and -7 was lost under 1e300.
  const state::Aggregate opposite = of_one(JsonNumber::of(-1e300));
  CommitPart part{.pipeline = count};
  part.rows = {fold(views, "/a", 0, opposite)};
  part.windows_over = {{views, EventTime(begin + 2 * minute), EventTime(begin + 2 * minute)}};
  commit(store, part);
  const auto page = store.read_stream(changes, Partition(0), 0, 100, 1u << 20).value();
  std::vector<std::string> told;
  for (const StreamRecord& record : page.records)
    told.push_back(std::string(record.key) + " " +
                   std::string(record.data.substr(record.data.find("\"sum\""), 11)));
  EXPECT_THAT(told, ElementsAre("/a \"sum\":1e+30", "/b \"sum\":-7,\"m", "/a \"sum\":-6.9,",
                                "/a \"sum\":-7,\"m"));
  EXPECT_THAT(rows(store, views), SizeIs(1)) << "it goes with what the same commit adds to it";
}

StreamAppend staged(StreamId archive, Partition hour, std::string_view data) {
  return {.stream = archive, .partition = hour, .time = EventTime(begin), .data = data};
}

void write_archive(RocksStore& store) {
  const PipelineId keep = store.pipeline("keep", "").value();
  const StreamId archive = store.stream(StreamKind::archive, "keep.all", 0)->id;
  commit(store,
         {.pipeline = keep,
          .appended = {
              staged(archive, Partition(500'000), "a"), staged(archive, Partition(500'000), "b"),
              staged(archive, Partition(500'001), "c"), staged(archive, archive_plans, "a plan")}});
  ASSERT_TRUE(store.flush());
  const auto page = store.read_stream(archive, Partition(500'000), 1, 1, 1).value();
  const auto hour = store.read_stream(archive, Partition(500'001), 0, 1, 1).value();
  commit(store, {.pipeline = keep,
                 .appended = {staged(archive, Partition(500'002), "d")},
                 .trimmed = {{archive, Partition(500'000), page.records.at(0).number,
                              page.records.at(0).bytes_before},
                             {archive, Partition(500'001), hour.records.at(0).number + 1,
                              stream_bytes(staged(archive, Partition(500'001), "c"))}}});
}

void expect_archive(RocksStore& store) {
  const StreamId archive = store.stream(StreamKind::archive, "keep.all", 0)->id;
  std::vector<std::string> all;
  const auto hours = store.stream_partitions(archive).value();
  for (const Partition hour : hours) {
    const auto page = store.read_stream(archive, hour, 0, 100, 1u << 20).value();
    for (const StreamRecord& record : page.records)
      all.push_back(std::to_string(hour.value) + " " + std::string(record.data));
  }
  EXPECT_THAT(all, ElementsAre("500000 b", "500002 d", "4294967295 a plan"));
}

DeadLetter of_an_event() {
  DeadLetter letter;
  letter.event_id = letter.id = "order-7";
  letter.stage = Stage::sink;
  letter.sink = "mail";
  letter.code = "transient";
  letter.reason = "busy";
  letter.function = "enrich";
  letter.function_version = "00c0ffee";
  letter.attempts = 3;
  letter.replays = 2;
  letter.first_died = WallTime(1'800'000'000'000'000);
  letter.died = WallTime(1'800'000'000'000'123);
  letter.origin = "queue:jobs";
  letter.source = "shop";
  letter.extensions = {{"traceparent", "00-0af7"}, {"empty", ""}};
  letter.data = "{\"n\":7}\0"s;
  letter.taken_by = {"archive", "search"};
  return letter;
}

DeadLetter of_an_effect() {
  DeadLetter letter;
  letter.event_id = "shop#9";
  letter.stage = Stage::sink;
  letter.sink = "small";
  letter.code = "bad_event";
  letter.key = "small/a.jpg";
  letter.content_type = "image/jpeg";
  letter.data = "\xFF\xD8"s;
  letter.effect = DeadEffect{EffectKind::put_object, 4, "a"};
  return letter;
}

void write_letters(RocksStore& store) {
  const PipelineId orders = store.pipeline("orders", "").value();
  const OutboxId outbox = store.outbox(orders, "small").value();
  commit(store, {.pipeline = orders, .dead_letters = {of_an_event(), of_an_effect(), {}, {}}});
  const DeadLetterId waits[] = {{orders, 1}, {orders, 2}, {orders, 3}, {orders, 4}};
  ASSERT_TRUE(store.mark_replays(waits, gap));
  ASSERT_TRUE(store.flush());

  DeadLetter again;
  again.number = 4;
  again.replays = 1;
  again.code = "transient";
  QueuedEffect queued;
  queued.outbox = outbox;
  queued.data = "played again";
  queued.replays = 3;
  queued.first_died = WallTime(1'700'000'000'000'000);
  commit(store, {.pipeline = orders, .dead_letters = {again}, .replayed = {3}, .queued = {queued}});
}

void expect_letters(RocksStore& store) {
  const PipelineId orders = store.pipeline("orders", "").value();
  std::vector<std::pair<std::uint64_t, std::uint32_t>> letters;
  const auto visit = [&](PipelineId, std::uint64_t number, const DeadLetter& letter) {
    letters.emplace_back(number, letter.replays);
    return true;
  };
  ASSERT_TRUE(store.each_dead_letter(orders, written, visit));
  EXPECT_THAT(letters, ElementsAre(Pair(1, 2), Pair(2, 0), Pair(4, 1)));

  const auto waiting = store.replays(orders, 0, 100, 1u << 20, written).value();
  ASSERT_THAT(waiting, SizeIs(2));
  EXPECT_EQ(waiting[0].gap, gap);
  const DeadLetter& event = waiting[0].letter;
  EXPECT_EQ(event.number, 1u);
  EXPECT_EQ(event.id, "order-7");
  EXPECT_EQ(event.code, "transient");
  EXPECT_EQ(event.first_died, of_an_event().first_died);
  EXPECT_EQ(event.died, of_an_event().died);
  EXPECT_EQ(event.origin, "queue:jobs");
  EXPECT_EQ(event.extensions, of_an_event().extensions);
  EXPECT_EQ(event.data, of_an_event().data);
  EXPECT_EQ(event.taken_by, of_an_event().taken_by);
  EXPECT_FALSE(event.effect);
  const DeadLetter& effect = waiting[1].letter;
  ASSERT_TRUE(effect.effect);
  EXPECT_EQ(effect.effect->kind, EffectKind::put_object);
  EXPECT_EQ(effect.effect->ordinal, 4u);
  EXPECT_EQ(effect.effect->event_key, "a");
  EXPECT_EQ(effect.data, "\xFF\xD8");

  const auto queued = store.queued(store.outbox(orders, "small").value(), 0, 10, 1u << 20).value();
  ASSERT_THAT(queued, SizeIs(1));
  EXPECT_EQ(queued[0].data, "played again");
  EXPECT_EQ(queued[0].replays, 3u);
  EXPECT_EQ(queued[0].first_died, WallTime(1'700'000'000'000'000));
}

}  // namespace

void write_1_3(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(
      folder, {.engine_id = "0b5e7a4c-0000-4000-8000-0000000a0e13", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  write_windows(**opened);
  write_archive(**opened);
  write_letters(**opened);
}

void expect_contents_1_3(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "not this one", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  expect_windows(**opened);
  expect_archive(**opened);
  expect_letters(**opened);
}

}  // namespace tidemill::golden

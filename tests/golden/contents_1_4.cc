#include "contents_1_4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/state/aggregate.h"
#include "core/state/rocks_store.h"

namespace tidemill::golden {
namespace {

using ::testing::ElementsAre;

constexpr WallTime written(1'900'000'000'000'000);
constexpr std::uint64_t minute = 60'000'000;
constexpr EventTime begin(1'800'000'000'000'000 / minute * minute);
constexpr EventTime end(begin.value + minute);

void commit(RocksStore& store, const CommitPart& part) {
  const CommitPart* parts[] = {&part};
  const auto committed = store.commit(parts, written, Durability::sync);
  ASSERT_TRUE(committed) << committed.error().message;
}

std::vector<std::string> rows(RocksStore& store, TableId table) {
  std::vector<std::string> all;
  EXPECT_TRUE(store.each_row(table, "", written, [&](std::string_view key, const Row& row) {
    all.push_back(std::string(key) + (row.window ? "@" : "=") + row.body);
    return true;
  }));
  return all;
}

DeadLetter letter() {
  DeadLetter letter;
  letter.event_id = "kafka://b/in/0@41";
  letter.stage = Stage::sink;
  letter.sink = "out";
  letter.reason = "too large";
  letter.died = letter.first_died = written;
  letter.data = "41";
  return letter;
}

QueuedEffect effect(OutboxId outbox) {
  QueuedEffect effect;
  effect.outbox = outbox;
  effect.event_id = "kafka://b/in/0@40";
  effect.data = "effect";
  return effect;
}

}  // namespace

void write_1_4(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "golden", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const PipelineId relay = store.pipeline("relay", "").value();
  const TableId table = store.table("counts").value();
  ASSERT_TRUE(store.progress(relay, "kafka://b/in"));
  commit(store, {.pipeline = relay, .logs = {{Partition(0), Offset(40), {}}}});

  state::Aggregate one{.shows_count = true};
  one.add(JsonNumber::of(std::int64_t{3}), {}, {}, {});
  const std::vector<Attribute> extensions{{"name", "value"}};
  CommitPart part{.pipeline = relay};
  part.rows = {{.table = table, .key = "put", .data = "v"},
               {.table = table, .kind = EffectKind::merge_row, .operand = -3, .key = "sum"},
               {.table = table,
                .kind = EffectKind::merge_row,
                .key = "window",
                .window = RowWindow{.start = begin, .end = end, .announced = false},
                .aggregate = &one}};
  part.logs = {{Partition(0), Offset(42), {{Offset(44), Offset(46)}}}};
  part.dead_letters = {letter()};
  part.queued = {effect(store.outbox(relay, "later").value())};
  StreamAppend record{};
  record.stream = store.stream(StreamKind::log, "copies", 1).value().id;
  record.data = "record";
  record.extensions = extensions;
  part.appended = {record};
  CommitPart intends{.pipeline = relay};
  intends.intent = Intent{"out", 7, written, std::make_shared<CommitPart>(part)};
  commit(store, intends);
}

void expect_contents_1_4(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "other", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const PipelineId relay = store.find_pipeline("relay").value();
  const TableId table = store.find_table("counts").value();
  EXPECT_EQ(store.log_progress(relay).value().at(0).next, Offset(40));
  EXPECT_THAT(rows(store, table), ElementsAre());

  const auto intent = store.intent(relay);
  ASSERT_TRUE(intent && *intent);
  EXPECT_EQ((*intent)->sink, "out");
  EXPECT_EQ((*intent)->number, 7u);
  EXPECT_EQ((*intent)->since, written);
  CommitPart part = *(*intent)->part;
  part.ends_intent = true;
  commit(store, part);

  EXPECT_FALSE(store.intent(relay).value());
  const LogProgress log = store.log_progress(relay).value().at(0);
  EXPECT_EQ(log.next, Offset(42));
  EXPECT_THAT(log.settled, ElementsAre(OffsetRange{Offset(44), Offset(46)}));
  EXPECT_THAT(rows(store, table), ElementsAre("put=v", "sum=-3", R"(window@{"count":1,"sum":3})"));
  EXPECT_TRUE(store.each_dead_letter(relay, written,
                                     [](PipelineId, std::uint64_t number, const DeadLetter& found) {
                                       EXPECT_EQ(number, 1u);
                                       EXPECT_EQ(found.event_id, letter().event_id);
                                       return true;
                                     }));
  const auto queued = store.queued(store.outbox(relay, "later").value(), 0, 10, 1000);
  EXPECT_EQ(queued.value().at(0).data, "effect");
  const StreamId copies = store.stream(StreamKind::log, "copies", 1).value().id;
  const auto page = store.read_stream(copies, Partition(0), 0, 10, 1000);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->records.size(), 1u);
  EXPECT_EQ(page->records[0].data, "record");
  EXPECT_EQ(page->records[0].extensions[0].value, "value");
}

}  // namespace tidemill::golden

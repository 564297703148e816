#include "contents_1_1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/state/rocks_store.h"

namespace tidemill::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

using namespace std::string_literals;

constexpr std::uint64_t hour = 3'600'000'000;
constexpr WallTime written(1'800'000'000'000'000);
constexpr WallTime written_again(written.value + hour);

void commit(RocksStore& store, const CommitPart& part, WallTime at) {
  const CommitPart* parts[] = {&part};
  const auto committed = store.commit(parts, at, Durability::sync);
  ASSERT_TRUE(committed) << committed.error().message;
}

RowChange put(TableId table, std::string_view key, WallTime expires) {
  return {.table = table,
          .kind = EffectKind::put_row,
          .expires = expires,
          .key = key,
          .data = "{\"seen\":true}"};
}

RowChange count(TableId table, std::string_view key, WallTime expires) {
  return {.table = table,
          .kind = EffectKind::merge_row,
          .merge = MergeKind::count,
          .expires = expires,
          .key = key};
}

QueuedEffect effect(OutboxId outbox, std::string_view key) {
  QueuedEffect effect;
  effect.outbox = outbox;
  effect.kind = EffectKind::put_object;
  effect.ordinal = 3;
  effect.key = key;
  effect.content_type = "image/jpeg";
  effect.data = "\xFF\xD8\0"s;
  effect.metadata = {{"width", "200"}, {"empty", ""}};
  effect.partition = Partition(7);
  effect.offset = Offset(8);
  effect.event_id = "folder:/photos/a.jpg@v1";
  effect.source = "folder:/photos";
  effect.type = "created";
  effect.subject = "a.jpg";
  effect.version = "v1";
  effect.event_key = "a";
  effect.time = EventTime(9);
  return effect;
}

std::vector<DedupeId> ids() {
  return {{1, 2}, {~std::uint64_t{0}, 0}, {0, ~std::uint64_t{0}}, {3, 3}};
}

void expect_effect(const QueuedEffect& read, const QueuedEffect& expected) {
  EXPECT_EQ(read.kind, expected.kind);
  EXPECT_EQ(read.ordinal, expected.ordinal);
  EXPECT_EQ(read.key, expected.key);
  EXPECT_EQ(read.content_type, expected.content_type);
  EXPECT_EQ(read.data, expected.data);
  EXPECT_EQ(read.metadata, expected.metadata);
  EXPECT_EQ(read.partition, expected.partition);
  EXPECT_EQ(read.offset, expected.offset);
  EXPECT_EQ(read.event_id, expected.event_id);
  EXPECT_EQ(read.source, expected.source);
  EXPECT_EQ(read.type, expected.type);
  EXPECT_EQ(read.subject, expected.subject);
  EXPECT_EQ(read.version, expected.version);
  EXPECT_EQ(read.event_key, expected.event_key);
  EXPECT_EQ(read.time, expected.time);
}

}  // namespace

void write_1_1(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(
      folder, {.engine_id = "0b5e7a4c-0000-4000-8000-00000000c0de", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const PipelineId mails = store.pipeline("mails", "").value();
  const TableId sessions = store.table("sessions").value();
  const OutboxId relay = store.outbox(mails, "relay").value();
  ASSERT_TRUE(store.progress(mails, "sqs:mails"));
  ASSERT_TRUE(store.keep_marks(mails, std::chrono::hours(6)));

  const WallTime soon(written.value + hour);
  const WallTime late(written.value + 1000 * hour);
  commit(
      store,
      {.pipeline = mails,
       .rows = {put(sessions, "soon", soon), put(sessions, "late", late), put(sessions, "ever", {}),
                count(sessions, "again", soon), count(sessions, "kept", late)},
       .settled_ids = {ids()[0], ids()[1]},
       .queued = {effect(relay, "first"), effect(relay, "second"), effect(relay, "third")}},
      written);
  ASSERT_TRUE(store.flush());
  commit(store,
         {.pipeline = mails,
          .rows = {count(sessions, "again", late), count(sessions, "kept", late)},
          .settled_ids = {ids()[2]},
          .queued = {effect(relay, "fourth")},
          .delivered = {{relay, 1}, {relay, 3}}},
         written_again);
}

void expect_contents_1_1(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "not this one", .now = written_again});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const auto mails = store.find_pipeline("mails");
  const auto sessions = store.find_table("sessions");
  ASSERT_TRUE(mails && sessions);

  std::vector<std::pair<std::string, std::string>> rows;
  ASSERT_TRUE(
      store.each_row(*sessions, "", written_again, [&](std::string_view key, const Row& row) {
        rows.emplace_back(key, row.body);
        return true;
      }));
  EXPECT_THAT(rows, ElementsAre(Pair("again", "1"), Pair("ever", "{\"seen\":true}"),
                                Pair("kept", "2"), Pair("late", "{\"seen\":true}")));
  EXPECT_FALSE(store.row(*sessions, "kept", WallTime(written.value + 1000 * hour))->has_value());

  EXPECT_THAT(store.settled_before(*mails, ids(), written).value(),
              ElementsAre(true, true, true, false));
  EXPECT_THAT(store.settled_before(*mails, ids(), written_again).value(),
              ElementsAre(false, false, true, false));

  const OutboxId relay = store.outbox(*mails, "relay").value();
  EXPECT_EQ(relay, OutboxId(3));
  const auto queued = store.queued(relay, 0, 100, 100'000).value();
  ASSERT_THAT(queued, SizeIs(2));
  EXPECT_EQ(queued[0].number, 2u);
  expect_effect(queued[0], effect(relay, "second"));
  EXPECT_EQ(queued[1].number, 4u);
  expect_effect(queued[1], effect(relay, "fourth"));

  // The horizon is in the folder: marks go without anyone saying it again.
  ASSERT_TRUE(store.drop_expired(WallTime(written.value + 100 * hour)));
  EXPECT_THAT(store.settled_before(*mails, ids(), {}).value(),
              ElementsAre(false, false, false, false));
}

}  // namespace tidemill::golden

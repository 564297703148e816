#include "contents_2_0.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "core/state/rocks_store.h"
#include "core/state/stream.h"

namespace tidemill::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr WallTime written(1'900'000'000'000'000);
constexpr Partition only(0);
constexpr Partition hour(527'777);

void commit(RocksStore& store, const CommitPart& part) {
  const CommitPart* parts[] = {&part};
  const auto committed = store.commit(parts, written, Durability::sync);
  ASSERT_TRUE(committed) << committed.error().message;
}

QueuedEffect effect(OutboxId outbox, std::string_view data) {
  QueuedEffect effect;
  effect.outbox = outbox;
  effect.event_id = "http://127.0.0.1:8081/hook/0@7";
  effect.data = data;
  return effect;
}

StreamAppend record(StreamId stream, Partition partition, std::string_view data) {
  return {.stream = stream, .partition = partition, .id = "id", .data = data};
}

struct Named {
  PipelineId intake;
  OutboxId relay;
  StreamId jobs, lake;
};

Named named(RocksStore& store) {
  const PipelineId intake = store.pipeline("intake", "").value();
  return {.intake = intake,
          .relay = store.outbox(intake, "relay").value(),
          .jobs = store.stream(StreamKind::queue, "jobs", 1)->id,
          .lake = store.stream(StreamKind::archive, "intake.lake", 0)->id};
}

}  // namespace

void write_2_0(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(
      folder, {.engine_id = "0b5e7a4c-0000-4000-8000-0000000a0e20", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const auto [intake, relay, jobs, lake] = named(store);

  commit(store, {.pipeline = intake,
                 .queued = {effect(relay, "first"), effect(relay, "second")},
                 .appended = {record(jobs, only, "a"), record(jobs, only, "b"),
                              record(lake, hour, "staged")}});
  ASSERT_TRUE(store.flush());
  const std::uint64_t bytes = stream_bytes(record(jobs, only, "a"));
  commit(store, {.pipeline = intake,
                 .delivered = {{relay, 1}, {relay, 2}},
                 .appended = {record(jobs, only, "c")},
                 .removed = {{jobs, only, 1, bytes}},
                 .trimmed = {{jobs, only, 2, {}}}});
}

void expect_contents_2_0(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "not this one", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const auto [intake, relay, jobs, lake] = named(store);

  EXPECT_THAT(store.queued(relay, 0, 10, 1000).value(), SizeIs(0));
  commit(store, {.pipeline = intake, .queued = {effect(relay, "third")}});
  const auto queued = store.queued(relay, 0, 10, 1000).value();
  ASSERT_THAT(queued, SizeIs(1));
  EXPECT_EQ(queued[0].number, 3u);

  const std::uint64_t bytes = stream_bytes(record(jobs, only, "a"));
  EXPECT_EQ(store.stream_state(jobs, only).value(),
            (StreamState{.first = 2, .next = 4, .records = 2, .bytes = 2 * bytes}));
  const auto page = store.read_stream(jobs, only, 0, 10, 1000).value();
  ASSERT_THAT(page.records, SizeIs(2));
  EXPECT_EQ(page.records[0].data, "b");
  EXPECT_EQ(page.records[1].data, "c");
  EXPECT_THAT(store.stream_partitions(lake).value(), ElementsAre(hour));
}

}  // namespace tidemill::golden

#include "contents_1_2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/state/rocks_store.h"

namespace tidemill::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr WallTime written(1'900'000'000'000'000);
constexpr WallTime written_again(1'900'000'060'000'000);
constexpr Partition first_partition(0);
constexpr Partition last_partition(2);

void commit(RocksStore& store, const CommitPart& part, WallTime at) {
  const CommitPart* parts[] = {&part};
  const auto committed = store.commit(parts, at, Durability::sync);
  ASSERT_TRUE(committed) << committed.error().message;
}

const std::vector<Attribute>& extensions() {
  static const std::vector<Attribute> all{{"traceparent", "00-0af7"}, {"empty", ""}};
  return all;
}

StreamAppend record(StreamId stream, Partition partition, std::string_view data) {
  return {.stream = stream,
          .partition = partition,
          .deliver_at = WallTime(written.value + 5),
          .time = EventTime(77),
          .id = "id-1",
          .source = "file:/orders",
          .type = "order",
          .subject = "subject",
          .key = "key",
          .group = "group",
          .content_type = "text/plain",
          .data = data,
          .extensions = extensions()};
}

std::vector<std::string> texts(RocksStore& store, StreamId stream, Partition partition) {
  std::vector<std::string> all;
  const auto page = store.read_stream(stream, partition, 0, 1000, 1u << 20).value();
  for (const StreamRecord& one : page.records)
    all.push_back(std::to_string(one.number) + ":" + std::string(one.data));
  return all;
}

}  // namespace

void write_1_2(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(
      folder, {.engine_id = "0b5e7a4c-0000-4000-8000-0000000a0e12", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const PipelineId work = store.pipeline("work", "").value();
  const TableId users = store.table("users").value();
  const StreamId jobs = store.stream(StreamKind::queue, "jobs", 1)->id;
  const StreamId clicks = store.stream(StreamKind::log, "clicks", 3)->id;
  ASSERT_TRUE(store.feed_changes("users"));
  ASSERT_TRUE(store.progress(work, "queue:jobs"));

  CommitPart part{.pipeline = work};
  for (const std::string_view data : {"a", "b", "c", "d", "e"})
    part.appended.push_back(record(jobs, first_partition, data));
  for (const std::string_view data : {"one", "two", "three"})
    part.appended.push_back(record(clicks, last_partition, data));
  part.rows.push_back(
      {.table = users, .kind = EffectKind::put_row, .key = "ada", .data = "{\"n\":1}"});
  commit(store, part, written);
  ASSERT_TRUE(store.flush());

  const std::uint64_t bytes = stream_bytes(record(jobs, first_partition, "a"));
  const auto page = store.read_stream(clicks, last_partition, 1, 1, 1).value();
  commit(store,
         {.pipeline = work,
          .rows = {{.table = users, .kind = EffectKind::delete_row, .key = "ada"}},
          .appended = {record(jobs, first_partition, "f")},
          .removed = {{jobs, first_partition, 1, bytes}, {jobs, first_partition, 3, bytes}},
          .trimmed = {{jobs, first_partition, 2, {}},
                      {clicks, last_partition, 2, page.records.at(0).bytes_before}}},
         written_again);
}

void expect_contents_1_2(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "not this one", .now = written_again});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  ASSERT_THAT(store.streams(StreamKind::queue), SizeIs(1));
  ASSERT_THAT(store.streams(StreamKind::log), SizeIs(1));
  ASSERT_THAT(store.streams(StreamKind::changes), SizeIs(1));
  const StreamId jobs = store.stream(StreamKind::queue, "jobs", 1)->id;
  const StreamInfo clicks = store.stream(StreamKind::log, "clicks", 1).value();
  const StreamId changes = store.feed_changes("users")->id;
  EXPECT_EQ(jobs, StreamId(3));
  EXPECT_EQ(clicks.partitions, 3u);

  EXPECT_THAT(texts(store, jobs, first_partition), ElementsAre("2:b", "4:d", "5:e", "6:f"));
  const StreamState of_jobs = store.stream_state(jobs, first_partition).value();
  const std::uint64_t bytes = stream_bytes(record(jobs, first_partition, "a"));
  EXPECT_EQ(of_jobs, (StreamState{.first = 2, .next = 7, .records = 4, .bytes = 4 * bytes}));
  EXPECT_THAT(texts(store, clicks.id, last_partition), ElementsAre("2:two", "3:three"));
  EXPECT_THAT(store.stream_state(clicks.id, last_partition)->records, 2u);

  const auto page = store.read_stream(jobs, first_partition, 5, 1, 1).value();
  ASSERT_THAT(page.records, SizeIs(1));
  const StreamRecord& read = page.records[0];
  const StreamAppend expected = record(jobs, first_partition, "f");
  EXPECT_EQ(read.written, written_again);
  EXPECT_EQ(read.deliver_at, expected.deliver_at);
  EXPECT_EQ(read.time, expected.time);
  EXPECT_EQ(read.bytes_before, 5 * bytes);
  EXPECT_EQ(read.id, expected.id);
  EXPECT_EQ(read.source, expected.source);
  EXPECT_EQ(read.type, expected.type);
  EXPECT_EQ(read.subject, expected.subject);
  EXPECT_EQ(read.key, expected.key);
  EXPECT_EQ(read.group, expected.group);
  EXPECT_EQ(read.content_type, expected.content_type);
  ASSERT_THAT(read.extensions, SizeIs(2));
  EXPECT_EQ(read.extensions[0].name, "traceparent");
  EXPECT_EQ(read.extensions[0].value, "00-0af7");

  EXPECT_THAT(
      texts(store, changes, first_partition),
      ElementsAre(R"(1:{"table":"users","key":"ada","kind":"put","old":null,"new":{"n":1}})",
                  R"(2:{"table":"users","key":"ada","kind":"delete","old":{"n":1},"new":null})"));
}

}  // namespace tidemill::golden

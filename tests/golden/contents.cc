#include "contents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/state/rocks_store.h"

namespace tidemill::golden {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

using namespace std::string_literals;

constexpr WallTime now(1'800'000'000'000'000);
constexpr EventTime taken(1'700'000'000'000'000);

void commit(RocksStore& store, const CommitPart& part) {
  const CommitPart* parts[] = {&part};
  const auto committed = store.commit(parts, now, Durability::sync);
  ASSERT_TRUE(committed) << committed.error().message;
}

DeadLetter letter() {
  DeadLetter letter;
  letter.event_id = "folder:/photos/broken.jpg@v3";
  letter.stage = Stage::sink;
  letter.sink = "small";
  letter.reason = "cannot write: no space left";
  letter.function = "thumbnail";
  letter.function_version = "00c0ffee";
  letter.attempts = 3;
  letter.died = WallTime(1'700'000'000'000'123);
  letter.expires = WallTime(0);
  letter.partition = Partition(7);
  letter.offset = Offset(8);
  letter.source = "folder:/photos";
  letter.type = "created";
  letter.subject = "broken.jpg";
  letter.version = "v3";
  letter.content_type = "image/jpeg";
  letter.key = "broken";
  letter.data = "{\"object\":\"\\u0000\"}\0\xFF"s;
  letter.time = taken;
  letter.object_bytes = 4242;
  return letter;
}

RowChange put(TableId table, std::string_view key, std::string_view data, EventTime time) {
  return {.table = table, .kind = EffectKind::put_row, .time = time, .key = key, .data = data};
}

RowChange merge(TableId table, std::string_view key, MergeKind kind, std::int64_t operand,
                EventTime time) {
  return {.table = table,
          .kind = EffectKind::merge_row,
          .merge = kind,
          .operand = operand,
          .time = time,
          .key = key};
}

void write_first_half(RocksStore& store, TableId images, TableId counters, PipelineId thumbnails,
                      PipelineId clicks) {
  commit(store, {.pipeline = thumbnails,
                 .rows = {put(images, "a.jpg", "{\"width\":200}", taken),
                          put(images, "with\0zero"s, "\xFF\xD8\x00"s, {}),
                          put(images, "gone.jpg", "{}", taken), put(images, "text", "42", taken)},
                 .objects = {{"a.jpg", "v1"}, {"gone.jpg", "v1"}, {"zero\0key"s, "v2"}},
                 .dead_letters = {letter()}});
  commit(store, {.pipeline = clicks,
                 .rows = {merge(counters, "count", MergeKind::count, 0, taken),
                          merge(counters, "sum", MergeKind::sum, 9'000'000'000'000'000'000, {}),
                          merge(counters, "min", MergeKind::min, -5, {}),
                          merge(counters, "max", MergeKind::max, -5, {}),
                          merge(counters, "last", MergeKind::last, 1, EventTime(20))},
                 .logs = {{Partition(0), Offset(100), {}}, {Partition(1), Offset(5), {}}}});
}

void write_second_half(RocksStore& store, TableId images, TableId counters, PipelineId thumbnails,
                       PipelineId clicks) {
  commit(store, {.pipeline = thumbnails,
                 .rows = {{.table = images, .kind = EffectKind::delete_row, .key = "gone.jpg"},
                          merge(images, "text", MergeKind::sum, 1, {}),
                          merge(images, "a.jpg", MergeKind::sum, 1, {})},
                 .objects = {{"gone.jpg", ""}, {"new.jpg", "v9"}}});
  DeadLetter second = letter();
  second.expires = WallTime(1'900'000'000'000'000);
  commit(store, {.pipeline = clicks,
                 .rows = {merge(counters, "count", MergeKind::count, 0, taken),
                          merge(counters, "sum", MergeKind::sum, 9'000'000'000'000'000'000, {}),
                          merge(counters, "min", MergeKind::min, -7, {}),
                          merge(counters, "max", MergeKind::max, 7, {}),
                          merge(counters, "last", MergeKind::last, 2, EventTime(10))},
                 .logs = {{Partition(0),
                           Offset(120),
                           {{Offset(125), Offset(130)}, {Offset(140), Offset(141)}}}},
                 .dead_letters = {second}});
}

void expect_rows(RocksStore& store) {
  const auto images = store.find_table("images");
  const auto counters = store.find_table("counters");
  ASSERT_TRUE(images && counters);
  std::map<std::string, Row> rows;
  ASSERT_TRUE(store.each_row(*images, "", now, [&](std::string_view key, const Row& row) {
    rows.emplace(key, row);
    return true;
  }));
  ASSERT_THAT(rows, ElementsAre(Pair("a.jpg", ::testing::_), Pair("text", ::testing::_),
                                Pair("with\0zero"s, ::testing::_)));
  EXPECT_EQ(rows["a.jpg"].body, "{\"width\":200}");
  EXPECT_EQ(rows["a.jpg"].time, taken);
  EXPECT_TRUE(rows["a.jpg"].merge_refused);
  EXPECT_EQ(rows["text"].body, "43");
  EXPECT_EQ(rows["with\0zero"s].body, "\xFF\xD8\x00"s);
  EXPECT_EQ(rows["with\0zero"s].time, EventTime());
  EXPECT_GT(rows["text"].version, rows["with\0zero"s].version);

  std::map<std::string, std::string> numbers;
  ASSERT_TRUE(store.each_row(*counters, "", now, [&](std::string_view key, const Row& row) {
    numbers.emplace(key, row.body);
    return true;
  }));
  EXPECT_THAT(numbers, ElementsAre(Pair("count", "2"), Pair("last", "1"), Pair("max", "7"),
                                   Pair("min", "-7"), Pair("sum", "18000000000000000000")));
}

void expect_progress(RocksStore& store) {
  const auto thumbnails = store.find_pipeline("thumbnails");
  const auto clicks = store.find_pipeline("clicks");
  ASSERT_TRUE(thumbnails && clicks);
  EXPECT_EQ(store.source_identity(*thumbnails), "folder:/photos");
  EXPECT_EQ(store.source_identity(*clicks), "kafka:main/clicks");

  std::map<std::string, std::string> objects;
  const auto progress = store.progress(*thumbnails, "folder:/photos");
  ASSERT_TRUE(progress);
  (*progress)->each_object([&objects](std::string_view key, std::string_view version) {
    objects.emplace(key, version);
  });
  EXPECT_THAT(objects,
              ElementsAre(Pair("a.jpg", "v1"), Pair("new.jpg", "v9"), Pair("zero\0key"s, "v2")));

  const auto logs = store.log_progress(*clicks);
  ASSERT_TRUE(logs);
  ASSERT_THAT(*logs, SizeIs(2));
  EXPECT_EQ((*logs)[0].partition, Partition(0));
  EXPECT_EQ((*logs)[0].next, Offset(120));
  EXPECT_THAT((*logs)[0].settled, ElementsAre(OffsetRange{Offset(125), Offset(130)},
                                              OffsetRange{Offset(140), Offset(141)}));
  EXPECT_EQ((*logs)[1].partition, Partition(1));
  EXPECT_EQ((*logs)[1].next, Offset(5));
}

void expect_dead_letters(RocksStore& store) {
  std::vector<std::pair<std::uint64_t, DeadLetter>> letters;
  ASSERT_TRUE(store.each_dead_letter(std::nullopt, now,
                                     [&](PipelineId, std::uint64_t number, const DeadLetter& each) {
                                       letters.emplace_back(number, each);
                                       return true;
                                     }));
  ASSERT_THAT(letters, SizeIs(2));
  EXPECT_EQ(letters[0].first, 1u);
  EXPECT_EQ(letters[1].first, 2u);
  EXPECT_EQ(letters[1].second.expires, WallTime(1'900'000'000'000'000));
  const DeadLetter expected = letter();
  const DeadLetter& read = letters[0].second;
  EXPECT_EQ(read.event_id, expected.event_id);
  EXPECT_EQ(read.stage, expected.stage);
  EXPECT_EQ(read.sink, expected.sink);
  EXPECT_EQ(read.reason, expected.reason);
  EXPECT_EQ(read.function, expected.function);
  EXPECT_EQ(read.function_version, expected.function_version);
  EXPECT_EQ(read.attempts, expected.attempts);
  EXPECT_EQ(read.died, expected.died);
  EXPECT_EQ(read.expires, expected.expires);
  EXPECT_EQ(read.partition, expected.partition);
  EXPECT_EQ(read.offset, expected.offset);
  EXPECT_EQ(read.source, expected.source);
  EXPECT_EQ(read.type, expected.type);
  EXPECT_EQ(read.subject, expected.subject);
  EXPECT_EQ(read.version, expected.version);
  EXPECT_EQ(read.content_type, expected.content_type);
  EXPECT_EQ(read.key, expected.key);
  EXPECT_EQ(read.data, expected.data);
  EXPECT_EQ(read.time, expected.time);
  EXPECT_EQ(read.object_bytes, expected.object_bytes);
}

}  // namespace

void write(const std::filesystem::path& folder) {
  auto opened =
      RocksStore::open(folder, {.engine_id = "0b5e7a4c-0000-4000-8000-00000000c0de", .now = now});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  const TableId images = store.table("images").value();
  const TableId counters = store.table("counters").value();
  const PipelineId thumbnails = store.pipeline("thumbnails", "").value();
  const PipelineId clicks = store.pipeline("clicks", "").value();
  ASSERT_TRUE(store.progress(thumbnails, "folder:/photos"));
  ASSERT_TRUE(store.progress(clicks, "kafka:main/clicks"));
  write_first_half(store, images, counters, thumbnails, clicks);
  ASSERT_TRUE(store.flush());
  write_second_half(store, images, counters, thumbnails, clicks);
}

void expect_contents(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "not this one", .now = now});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
  EXPECT_EQ(store.engine_id(), "0b5e7a4c-0000-4000-8000-00000000c0de");
  EXPECT_EQ(store.epoch(), 2u);
  EXPECT_THAT(store.tables(),
              ElementsAre(Pair("counters", TableId(2)), Pair("images", TableId(1))));
  EXPECT_THAT(store.pipelines(),
              ElementsAre(Pair("clicks", PipelineId(4)), Pair("thumbnails", PipelineId(3))));
  EXPECT_EQ(store.table("another").value(), TableId(5));
  expect_rows(store);
  expect_progress(store);
  expect_dead_letters(store);
}

}  // namespace tidemill::golden

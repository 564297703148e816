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
using ::testing::SizeIs;

constexpr WallTime written(1'900'000'000'000'000);
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

}  // namespace

void write_1_3(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(
      folder, {.engine_id = "0b5e7a4c-0000-4000-8000-0000000a0e13", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
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

void expect_contents_1_3(const std::filesystem::path& folder) {
  auto opened = RocksStore::open(folder, {.engine_id = "not this one", .now = written});
  ASSERT_TRUE(opened) << opened.error().message;
  RocksStore& store = **opened;
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
  EXPECT_THAT(rows(store, views), SizeIs(2)) << "one was changed as it went";
}

}  // namespace tidemill::golden

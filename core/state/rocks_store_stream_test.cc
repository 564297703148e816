// Streams of the store: records, what leaves them, and what a reopening finds.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
// After gtest.h, which it extends.
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"
#include "core/state/testing/model_streams.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RocksStoreStreamTest : public RocksStoreTest {
 protected:
  static constexpr Partition p0{0};

  StreamId queue(std::string_view name) {
    return store_->stream(StreamKind::queue, name, 1).value().id;
  }

  void put(StreamId stream, const std::vector<std::string>& data, WallTime at = now,
           Partition partition = p0) {
    CommitPart part{.pipeline = PipelineId(1)};
    for (const std::string& text : data) {
      StreamAppend record;
      record.stream = stream;
      record.partition = partition;
      record.data = text;
      part.appended.push_back(record);
    }
    commit({part}, at);
  }

  void take(StreamId stream, const std::vector<std::uint64_t>& numbers, std::uint64_t first) {
    CommitPart part{.pipeline = PipelineId(1)};
    for (const std::uint64_t number : numbers) {
      const auto page = store_->read_stream(stream, p0, number - 1, 1, 1).value();
      part.removed.push_back({stream, p0, number, stream_bytes(page.records.at(0))});
    }
    part.trimmed.push_back({stream, p0, first, {}});
    commit({part});
  }

  // "number:data" of each.
  std::vector<std::string> read(StreamId stream, std::uint64_t after = 0, std::size_t max = 10'000,
                                Partition partition = p0) {
    std::vector<std::string> texts;
    const auto page = store_->read_stream(stream, partition, after, max, 1u << 30).value();
    for (const StreamRecord& record : page.records)
      texts.push_back(fmt::format("{}:{}", record.number, record.data));
    return texts;
  }

  StreamState state(StreamId stream, Partition partition = p0) {
    return store_->stream_state(stream, partition).value();
  }
};

TEST_F(RocksStoreStreamTest, RecordsHaveTheirNumbersInTheOrderOfTheCommits) {
  const StreamId jobs = queue("jobs");
  const StreamId mails = queue("mails");
  put(jobs, {"a", "b"});
  put(mails, {"m"});
  put(jobs, {"c"});
  EXPECT_THAT(read(jobs), ElementsAre("1:a", "2:b", "3:c"));
  EXPECT_THAT(read(jobs, 1, 1), ElementsAre("2:b"));
  EXPECT_THAT(read(mails), ElementsAre("1:m"));
  EXPECT_EQ(state(jobs), (StreamState{.first = 1, .next = 4, .records = 3, .bytes = 3}));
  crash();
  ASSERT_EQ(queue("jobs"), jobs);
  EXPECT_THAT(read(jobs), ElementsAre("1:a", "2:b", "3:c"));
  EXPECT_EQ(state(jobs), (StreamState{.first = 1, .next = 4, .records = 3, .bytes = 3}));
}

TEST_F(RocksStoreStreamTest, ARecordKeepsEverythingAboutItsEvent) {
  const StreamId jobs = queue("jobs");
  const std::vector<Attribute> extensions{{"traceparent", "00-1"}, {"empty", ""}};
  StreamAppend record{.stream = jobs,
                      .partition = p0,
                      .deliver_at = WallTime(5),
                      .time = EventTime(6),
                      .id = "id",
                      .source = "source",
                      .type = "type",
                      .subject = "subject",
                      .key = "key",
                      .group = "group",
                      .content_type = "text/plain",
                      .data = "data",
                      .extensions = extensions};
  commit({{.pipeline = PipelineId(1), .appended = {record, record}}});
  reopen();
  ASSERT_EQ(queue("jobs"), jobs);
  const StreamPage page = store_->read_stream(jobs, p0, 0, 10, 1000).value();
  ASSERT_THAT(page.records, SizeIs(2));
  const StreamRecord& read = page.records[1];
  EXPECT_EQ(read.bytes_before, stream_bytes(page.records[0]));
  EXPECT_EQ(read.written, now);
  EXPECT_EQ(read.deliver_at, WallTime(5));
  EXPECT_EQ(read.time, EventTime(6));
  EXPECT_EQ(read.id, "id");
  EXPECT_EQ(read.source, "source");
  EXPECT_EQ(read.type, "type");
  EXPECT_EQ(read.subject, "subject");
  EXPECT_EQ(read.key, "key");
  EXPECT_EQ(read.group, "group");
  EXPECT_EQ(read.content_type, "text/plain");
  EXPECT_EQ(read.data, "data");
  ASSERT_THAT(read.extensions, SizeIs(2));
  EXPECT_EQ(read.extensions[0].name, "traceparent");
  EXPECT_EQ(read.extensions[0].value, "00-1");
}

TEST_F(RocksStoreStreamTest, AnAnswerHasOneRecordAtLeastAndNoMoreThanEitherLimit) {
  const StreamId jobs = queue("jobs");
  put(jobs, {std::string(1000, 'a'), "b", "c"});
  const auto numbers = [&](std::uint64_t after, std::size_t records, std::uint64_t bytes) {
    std::vector<std::uint64_t> found;
    const auto page = store_->read_stream(jobs, p0, after, records, bytes).value();
    for (const auto& record : page.records) found.push_back(record.number);
    return found;
  };
  EXPECT_THAT(numbers(0, 10, 1), ElementsAre(1));
  EXPECT_THAT(numbers(0, 2, 1u << 20), ElementsAre(1, 2));
  EXPECT_THAT(numbers(3, 10, 1u << 20), IsEmpty());
}

TEST_F(RocksStoreStreamTest, WhatLeftAQueueIsGoneWhateverTheOrder) {
  const StreamId jobs = queue("jobs");
  put(jobs, {"a", "b", "c", "d"});
  take(jobs, {3}, 1);
  EXPECT_THAT(read(jobs), ElementsAre("1:a", "2:b", "4:d"));
  EXPECT_EQ(state(jobs), (StreamState{.first = 1, .next = 5, .records = 3, .bytes = 3}));
  take(jobs, {1, 2}, 4);
  EXPECT_THAT(read(jobs), ElementsAre("4:d"));
  crash();
  ASSERT_EQ(queue("jobs"), jobs);
  EXPECT_THAT(read(jobs), ElementsAre("4:d"));
  EXPECT_EQ(state(jobs), (StreamState{.first = 4, .next = 5, .records = 1, .bytes = 1}));
  take(jobs, {4}, 5);
  reopen();
  ASSERT_EQ(queue("jobs"), jobs);
  put(jobs, {"e"});
  EXPECT_THAT(read(jobs), ElementsAre("5:e")) << "a number is never given twice";
}

TEST_F(RocksStoreStreamTest, ALogLosesItsFrontAndCountsWhatIsLeft) {
  const StreamId clicks = store_->stream(StreamKind::log, "clicks", 2).value().id;
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) texts.push_back(fmt::format("{:04}", i));
  put(clicks, texts, now, Partition(1));
  const auto at = store_->read_stream(clicks, Partition(1), 2499, 1, 1).value().records.at(0);
  EXPECT_EQ(at.bytes_before, 2499 * 4);
  commit({{.pipeline = PipelineId(1),
           .trimmed = {{clicks, Partition(1), at.number, at.bytes_before}}}});
  const StreamState left{.first = 2500, .next = 3001, .records = 501, .bytes = 501 * 4};
  EXPECT_EQ(state(clicks, Partition(1)), left);
  EXPECT_THAT(read(clicks, 0, 1, Partition(1)), ElementsAre("2500:2499"));
  EXPECT_EQ(state(clicks), StreamState{}) << "partitions have nothing to do with each other";
  ASSERT_TRUE(store_->flush());
  ASSERT_TRUE(store_->drop_expired(now));
  reopen();
  ASSERT_EQ(store_->stream(StreamKind::log, "clicks", 1).value().partitions, 2);
  EXPECT_EQ(state(clicks, Partition(1)), left);
  EXPECT_THAT(read(clicks, 0, 1, Partition(1)), ElementsAre("2500:2499"));
}

TEST_F(RocksStoreStreamTest, KindsHaveNamesOfTheirOwnAndPartitionsOnlyGrow) {
  const StreamInfo log = store_->stream(StreamKind::log, "jobs", 3).value();
  EXPECT_NE(queue("jobs"), log.id);
  EXPECT_EQ(store_->stream(StreamKind::log, "jobs", 1).value().partitions, 3);
  EXPECT_EQ(store_->stream(StreamKind::log, "jobs", 5).value().partitions, 5);
  put(log.id, {"x"}, now, Partition(4));
  crash();
  EXPECT_EQ(store_->stream(StreamKind::log, "jobs", 1).value().partitions, 5);
  EXPECT_THAT(read(log.id, 0, 10, Partition(4)), ElementsAre("1:x"));
}

TEST_F(RocksStoreStreamTest, TheOrderOfTimesHoldsWhenAClockIsSetBack) {
  const StreamId jobs = queue("jobs");
  put(jobs, {"a"}, WallTime(2'000'000));
  put(jobs, {"b"}, WallTime(1'000'000));
  const auto page = store_->read_stream(jobs, p0, 0, 10, 1000).value();
  EXPECT_EQ(page.records[0].written, WallTime(2'000'000));
  EXPECT_EQ(page.records[1].written, WallTime(2'000'000));
}

TEST_F(RocksStoreStreamTest, RowsProgressAndRecordsAreOneWrite) {
  const StreamId jobs = queue("jobs");
  const TableId rows = table("rows");
  StreamAppend record;
  record.stream = jobs;
  record.data = "x";
  commit(
      {{.pipeline = PipelineId(1), .rows = {tidemill::put(rows, "k", "v")}, .appended = {record}}});
  crash();
  ASSERT_EQ(queue("jobs"), jobs);
  EXPECT_EQ(body(table("rows"), "k"), "v");
  EXPECT_THAT(read(jobs), ElementsAre("1:x"));
}

// Whatever is put, taken and reopened, the store holds what the model holds.
TEST_F(RocksStoreStreamTest, PutsRemovalsAndTrimsAreThoseOfTheModel) {
  int cases = 0;
  const auto holds = [&](const std::vector<std::uint8_t>& steps) {
    const std::string name = "model" + std::to_string(++cases);
    const StreamId jobs = queue(name);
    testing::ModelStreams model;
    for (const std::uint8_t step : steps) {
      CommitPart part{.pipeline = PipelineId(1)};
      const std::string data(step, 'x');
      const auto page = model.read(jobs, p0, 0, 1 + step % 7, 1u << 20);
      if (step % 3 == 0) {
        StreamAppend record;
        record.stream = jobs;
        record.data = data;
        part.appended.assign(1 + step % 40, record);
      } else if (!page.records.empty()) {
        const StreamRecord& taken = page.records.back();
        part.removed.push_back({jobs, p0, taken.number, stream_bytes(taken)});
      }
      std::vector<std::uint64_t> left;
      for (const StreamRecord& record : model.read(jobs, p0, 0, 9, 1u << 20).records)
        if (part.removed.empty() || record.number != part.removed[0].number)
          left.push_back(record.number);
      if (step % 5 == 0 && !left.empty()) part.trimmed.push_back({jobs, p0, left.front(), {}});
      RC_ASSERT(try_commit({part}, now, Durability::periodic).has_value());
      for (const StreamTrim& trim : part.trimmed) model.trim(trim);
      for (const StreamRemoval& removal : part.removed) model.remove(removal);
      for (const StreamAppend& record : part.appended)
        model.append(testing::OwnedAppend(record), now);
      RC_ASSERT(state(jobs) == model.state(jobs, p0));
    }
    if (steps.size() > 60) {
      reopen();
      RC_ASSERT(queue(name) == jobs);
    }
    RC_ASSERT(state(jobs) == model.state(jobs, p0));
    std::vector<std::string> expected;
    for (const StreamRecord& record : model.read(jobs, p0, 0, 10'000, 1u << 30).records)
      expected.push_back(fmt::format("{}:{}", record.number, record.data));
    RC_ASSERT(read(jobs) == expected);
  };
  EXPECT_TRUE(rc::check(holds));
}

TEST_F(RocksStoreStreamTest, PartitionsOfAnArchiveComeAndGoWithTheirRecords) {
  const StreamId lake = store_->stream(StreamKind::archive, "1/lake", 0).value().id;
  EXPECT_THAT(store_->stream_partitions(lake).value(), IsEmpty());
  const Partition seven(7), nine(9), last(0xFFFF'FFFF);
  put(lake, {"a", "b"}, now, nine);
  put(lake, {"c"}, now, seven);
  put(lake, {"d"}, now, last);
  const auto check = [&] {
    EXPECT_THAT(store_->stream_partitions(lake).value(), ElementsAre(seven, nine, last));
    EXPECT_THAT(read(lake, 0, 10, nine), ElementsAre("1:a", "2:b"));
    EXPECT_THAT(read(lake, 0, 10, last), ElementsAre("1:d"));
  };
  check();
  crash();
  EXPECT_EQ(store_->stream(StreamKind::archive, "1/lake", 0).value().id, lake);
  check();
}

TEST_F(RocksStoreStreamTest, AnArchiveNeverGivesANumberOfAnHourTwice) {
  const Partition seven(7), eight(8);
  const auto open = [&] { return store_->stream(StreamKind::archive, "1/lake", 0).value().id; };
  const StreamId lake = open();
  put(lake, {"a", "b", "c"}, now, seven);
  commit({CommitPart{.pipeline = PipelineId(1), .trimmed = {{lake, seven, 3, 2}}}});
  EXPECT_THAT(read(lake, 0, 10, seven), ElementsAre("3:c"));
  EXPECT_EQ(state(lake, seven), (StreamState{.first = 3, .next = 4, .records = 1, .bytes = 1}));

  commit({CommitPart{.pipeline = PipelineId(1), .trimmed = {{lake, seven, 4, 3}}}});
  EXPECT_THAT(store_->stream_partitions(lake).value(), IsEmpty());
  crash();
  open();
  put(lake, {"d"}, now, seven);
  put(lake, {"e"}, now, eight);
  EXPECT_THAT(read(lake, 0, 10, seven), ElementsAre("4:d"));
  EXPECT_THAT(read(lake, 0, 10, eight), ElementsAre("4:e"));
}

TEST_F(RocksStoreStreamTest, OneGroupMayEmptyAnHourAndPutIntoItAgain) {
  const Partition seven(7);
  const StreamId lake = store_->stream(StreamKind::archive, "1/lake", 0).value().id;
  put(lake, {"a"}, now, seven);
  StreamAppend record;
  record.stream = lake;
  record.partition = seven;
  record.data = "b";
  commit({CommitPart{.pipeline = PipelineId(1), .appended = {record}},
          CommitPart{.pipeline = PipelineId(1), .trimmed = {{lake, seven, 3, 2}}},
          CommitPart{.pipeline = PipelineId(1), .appended = {record}}});
  EXPECT_THAT(read(lake, 0, 10, seven), ElementsAre("3:b"));
  EXPECT_EQ(state(lake, seven).records, 1);
  crash();
  EXPECT_TRUE(store_->stream(StreamKind::archive, "1/lake", 0));
  EXPECT_THAT(read(lake, 0, 10, seven), ElementsAre("3:b"));
}

}  // namespace
}  // namespace tidemill

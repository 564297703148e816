#include "core/streams/log_source.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/streams/stream_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Put;

using std::chrono::seconds;

constexpr PipelineId reader_id{7};

class LogSourceTest : public testing::StreamTest {
 protected:
  struct Reader {
    Reader(LogSourceTest& test, LogStart start, const Progress& progress, bool until_idle)
        : source(*test.log_, test.scheduler_, test.messages_,
                 {"reading", reader_id, start, until_idle}),
          driver(test.scheduler_, source) {
      EXPECT_TRUE(driver.open(progress));
    }
    LogSource source;
    testing::SourceDriver driver;
  };

  std::unique_ptr<Reader> reader(LogStart start = {}, bool until_idle = false) {
    return std::make_unique<Reader>(*this, start, none_, until_idle);
  }

  // With the progress that the store has of it.
  std::unique_ptr<Reader> reader_again(LogStart start = {}) {
    testing::MapProgress progress;
    for (const auto& [partition, log] : store_.logs) {
      Event last;
      last.partition = partition;
      last.offset_next = log.next;
      progress.settle(last);
    }
    return std::make_unique<Reader>(*this, start, progress, false);
  }

  void put(const std::vector<Put>& puts) { StreamTest::put(*outlet_, puts); }

  void use(const std::string& name, std::uint32_t partitions) {
    outlet_.reset();
    log_ = hub_.log(name, partitions).value();
    outlet_ = std::make_unique<Outlet>(*log_, StreamLimits{.bytes = 100});
  }

  void wait(Duration time) { scheduler_.run(sleep_until(scheduler_, scheduler_.now() + time)); }

  EmbeddedLog* log_ = hub_.log("clicks", 1).value();
  std::unique_ptr<Outlet> outlet_ = std::make_unique<Outlet>(*log_, StreamLimits{.bytes = 100});
};

TEST_F(LogSourceTest, EveryReaderReadsEverythingInOrder) {
  put({{"a"}, {"b"}});
  const auto one = reader();
  const auto two = reader();
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("a", "b"));
  one->driver.begin_poll();
  EXPECT_FALSE(one->driver.answered());
  put({{"c"}});
  EXPECT_THAT(texts(one->driver.take()), ElementsAre("c"));
  std::vector<std::string> all;
  while (all.size() < 3)
    for (std::string& text : texts(two->driver.poll())) all.push_back(std::move(text));
  EXPECT_THAT(all, ElementsAre("a", "b", "c"));
}

TEST_F(LogSourceTest, KnowsHowFarItIsBehindWhatIsThere) {
  use("wide", 2);
  const auto one = reader();
  EXPECT_EQ(one->source.behind(), 0u);
  put({{.data = "a", .key = "1"}, {.data = "b", .key = "2"}, {.data = "c", .key = "3"}});
  EXPECT_EQ(one->source.behind(), 3u);
  std::size_t read = 0;
  while (read < 3) read += one->driver.poll().size();
  EXPECT_EQ(one->source.behind(), 0u);
}

TEST_F(LogSourceTest, WhatRetentionHasRemovedItIsNotBehind) {
  log_->set_retention({.age = seconds(60), .bytes = {}});
  put({{"old"}, {"old"}});
  const auto one = reader();
  EXPECT_EQ(one->source.behind(), 2u);
  wait(seconds(61));
  put({{"new"}});
  ASSERT_TRUE(scheduler_.run(hub_.trim(scheduler_.wall())));
  EXPECT_EQ(one->source.behind(), 1u);
}

TEST_F(LogSourceTest, LatestBeginsBehindWhatIsThereAndARestartFindsThatPlace) {
  put({{"old"}});
  {
    const auto one = reader({LogStart::At::latest, {}});
    one->driver.begin_poll();
    EXPECT_FALSE(one->driver.answered());
  }
  put({{"new"}});
  const auto again = reader_again({LogStart::At::latest, {}});
  EXPECT_THAT(texts(again->driver.poll()), ElementsAre("new")) << "nothing had settled";
}

TEST_F(LogSourceTest, AnInstantBeginsWithTheFirstRecordWrittenThenOrLater) {
  for (int i = 0; i < 20; ++i) {
    put({{std::to_string(i)}});
    wait(seconds(10));
  }
  const WallTime since(scheduler_.wall().value - 65'000'000);
  const auto one = reader({LogStart::At::time, since});
  EXPECT_EQ(texts(one->driver.poll()).front(), "14");
  const auto future = reader({LogStart::At::time, in(seconds(1))});
  future->driver.begin_poll();
  EXPECT_FALSE(future->driver.answered());
}

TEST_F(LogSourceTest, AKeyHasAPartitionAndKeepsItsOrderThere) {
  use("wide", 4);
  std::vector<Put> puts;
  for (int i = 0; i < 40; ++i)
    puts.push_back({std::to_string(100 + i), "", {}, "k" + std::to_string(i % 8)});
  put(puts);
  const auto one = reader();
  std::map<std::string, std::vector<std::string>> by_key;
  std::map<std::string, std::set<Partition>> places;
  for (std::size_t seen = 0; seen < 40;)
    for (const Event& event : one->driver.poll()) {
      ++seen;
      by_key[std::string(event.key)].emplace_back(event.data.view());
      places[std::string(event.key)].insert(event.partition);
    }
  std::set<Partition> used;
  for (const auto& [key, values] : by_key) {
    EXPECT_EQ(values.size(), 5);
    EXPECT_TRUE(std::ranges::is_sorted(values)) << key;
    EXPECT_EQ(places[key].size(), 1) << key;
    used.insert(*places[key].begin());
  }
  EXPECT_GT(used.size(), 1);
}

TEST_F(LogSourceTest, APausedPartitionIsHeldBackAndTheOthersAreNot) {
  use("wide", 2);
  const auto key_of = [&](std::uint32_t partition) {
    for (int i = 0;; ++i)
      if (outlet_->partition_for("k" + std::to_string(i), {}).value == partition)
        return "k" + std::to_string(i);
  };
  const auto one = reader();
  one->source.pause(Partition(0), true);
  put({{"zero", "", {}, key_of(0)}, {"one", "", {}, key_of(1)}});
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("one"));
  one->driver.begin_poll();
  EXPECT_FALSE(one->driver.answered());
  one->source.pause(Partition(0), false);
  EXPECT_THAT(texts(one->driver.take()), ElementsAre("zero"));
}

TEST_F(LogSourceTest, RetentionBySizeRemovesTheOldestAndAReaderThatIsLateIsTold) {
  log_->set_retention({.age = {}, .bytes = 10});
  const auto late = reader();
  for (int i = 0; i < 25; ++i) put({{std::string(1, static_cast<char>('a' + i))}});
  EXPECT_GT(trims_wanted_, 0);
  ASSERT_TRUE(scheduler_.run(hub_.trim(scheduler_.wall())));
  EXPECT_EQ(store_.streams.state(log_->id(), Partition(0)),
            (StreamState{.first = 16, .next = 26, .records = 10, .bytes = 10}));
  EXPECT_EQ(log_->bytes(), 10);
  EXPECT_EQ(texts(late->driver.poll()).front(), "p");
  EXPECT_EQ(late->source.lost(), 15);
  ASSERT_FALSE(messages_.lines.empty());
  EXPECT_THAT(messages_.lines.back(),
              HasSubstr("reading: fell behind the retention of log:clicks: 15 records"));
}

TEST_F(LogSourceTest, RetentionByAgeRemovesWhatIsOlderAndNothingElse) {
  log_->set_retention({.age = seconds(60), .bytes = {}});
  for (int i = 0; i < 10; ++i) {
    put({{std::to_string(i)}});
    wait(seconds(10));
  }
  ASSERT_TRUE(scheduler_.run(hub_.trim(scheduler_.wall())));
  const auto one = reader();
  EXPECT_EQ(texts(one->driver.poll()).front(), "5");
  wait(seconds(1000));
  ASSERT_TRUE(scheduler_.run(hub_.trim(scheduler_.wall())));
  EXPECT_EQ(store_.streams.state(log_->id(), Partition(0)).records, 0);
  put({{"next"}});
  const auto two = reader();
  EXPECT_THAT(texts(two->driver.poll()), ElementsAre("next"));
}

TEST_F(LogSourceTest, ALogAtItsMaximumHoldsItsProducersUntilRetentionHasMadeRoom) {
  log_->set_retention({.age = seconds(60), .bytes = {}});
  put({{std::string(100, 'x')}});
  EXPECT_TRUE(outlet_->full());
  wait(seconds(61));
  ASSERT_TRUE(scheduler_.run(hub_.trim(scheduler_.wall())));
  EXPECT_FALSE(outlet_->full());
}

TEST_F(LogSourceTest, UntilIdleItEndsBehindTheLastRecordOfTheLastProducer) {
  const auto one = reader({}, true);
  put({{"a"}});
  EXPECT_THAT(texts(one->driver.poll()), ElementsAre("a"));
  one->driver.begin_poll();
  EXPECT_FALSE(one->driver.answered());
  put({{"b"}});
  outlet_->end();
  EXPECT_THAT(texts(one->driver.take()), ElementsAre("b"));
  EXPECT_THAT(one->driver.drain(), IsEmpty());
}

TEST_F(LogSourceTest, EventsKeepWhatTheyCameWithAndHaveAPlaceOfTheirOwn) {
  StreamAppend record;
  record.stream = log_->id();
  record.id = "id-1";
  record.source = "kafka:orders";
  record.type = "order";
  record.subject = "subject";
  record.key = "key";
  record.content_type = "text/plain";
  record.data = "data";
  record.time = EventTime(5);
  const std::vector<Attribute> extensions{{"traceparent", "00"}};
  record.extensions = extensions;
  commit({.appended = {record}});
  const auto one = reader();
  const auto events = one->driver.poll();
  const Event& event = events.at(0);
  EXPECT_EQ(event.id, "id-1");
  EXPECT_EQ(event.source, "kafka:orders");
  EXPECT_EQ(event.type, "order");
  EXPECT_EQ(event.subject, "subject");
  EXPECT_EQ(event.key, "key");
  EXPECT_EQ(event.content_type, "text/plain");
  EXPECT_EQ(event.time, EventTime(5));
  EXPECT_EQ(event.extensions[0].value, "00");
  EXPECT_EQ(event_id(event), "log:clicks/0@1");
}

}  // namespace
}  // namespace tidemill

// Members of a group: partitions that come and go, sources that are not polled, brokers that fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "kafka_source_fixture.h"

namespace tidemill::kafka {
namespace {

using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAreArray;

constexpr std::int16_t fetch_request = 1, offset_commit_request = 8, offset_fetch_request = 9;

class KafkaGroupTest : public KafkaSourceTest {
 protected:
  struct Life {
    std::unique_ptr<KafkaSource> source;
    std::vector<Event> events;
    bool polling = false;
  };

  Life live(bool until_idle = false, const std::string& engine = "me") {
    Life life{source(until_idle, engine), {}};
    const auto opened = scheduler_.run(life.source->open(progress_));
    EXPECT_TRUE(opened) << opened.error().message;
    return life;
  }

  // Polls to its end, whenever the scheduler is turned.
  void start(Life& life) {
    life.polling = true;
    spawn(scheduler_, poll(life));
  }

  static Task<> poll(Life& life) {
    for (bool more = true; more;) {
      const auto end = co_await life.source->poll(ample, life.events);
      more = end && *end == PollEnd::more;
    }
    life.polling = false;
  }

  void end(Life& life) {
    life.source->interrupt();
    scheduler_.run_until([&] { return !life.polling; });
    scheduler_.run(life.source->close());
  }

  void produce(int begin, int count) {
    for (int n = begin; n < begin + count; ++n)
      cluster_.send("t", n % 2, "k", std::to_string(n).c_str());
    cluster_.flush();
  }

  static std::vector<std::string> numbers(int count) {
    std::vector<std::string> numbers;
    for (int n = 0; n < count; ++n) numbers.push_back(std::to_string(n));
    return numbers;
  }

  static std::size_t total(const Life& one, const Life& other) {
    return one.events.size() + other.events.size();
  }

  // All of it is durable.
  void settle_all(Life& life) { settle(*life.source, life.events); }
};

TEST_F(KafkaGroupTest, ANewMemberGetsAPartitionAndNothingIsLeftOut) {
  produce(0, 10);
  Life first = live(false, "first");
  start(first);
  scheduler_.run_until([&] { return first.events.size() == 10; });
  progress_ = {};
  Life second = live(false, "second");
  start(second);
  // Both partitions were the first one's: it hands one over once that has settled.
  settle_all(first);
  produce(10, 2);
  scheduler_.run_until([&] { return !second.events.empty() && total(first, second) >= 12; });
  end(second);
  end(first);
  const auto one_partition = [](const Event& event) { return event.partition == Partition(1); };
  EXPECT_TRUE(std::ranges::all_of(second.events, one_partition) ||
              std::ranges::none_of(second.events, one_partition));
  std::set<std::string> read;
  for (const Life* const life : {&first, &second})
    for (const std::string& text : texts(life->events)) read.insert(text);
  EXPECT_THAT(read, IsSupersetOf(numbers(12)));
}

TEST_F(KafkaGroupTest, ASourceThatIsNotPolledStaysInItsGroupAndLosesNothing) {
  config_.properties = {"session.timeout.ms=4000", "max.poll.interval.ms=4000",
                        "heartbeat.interval.ms=500", "fetch.wait.max.ms=20"};
  constexpr int many = 3000;  // More than is put aside.
  produce(0, many);
  Life life = live(true);
  const Instant until = scheduler_.now() + std::chrono::seconds(8);
  scheduler_.run_until([&] { return scheduler_.now() > until; });
  EXPECT_FALSE(log_.says("poll interval"));
  start(life);
  scheduler_.run_until([&] { return !life.polling; });
  EXPECT_THAT(texts(life.events), UnorderedElementsAreArray(numbers(many)));
  end(life);
}

TEST_F(KafkaGroupTest, BrokersThatStumbleAreAskedAgain) {
  produce(0, 4);
  for (const std::int16_t request : {fetch_request, offset_commit_request, offset_fetch_request})
    rd_kafka_mock_push_request_errors(cluster_.get(), request, 2,
                                      RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  EXPECT_THAT(texts(read_all()), UnorderedElementsAreArray(numbers(4)));
  progress_ = {};
  EXPECT_THAT(texts(read_all()), IsEmpty());  // The group was told in the end.
}

}  // namespace
}  // namespace tidemill::kafka

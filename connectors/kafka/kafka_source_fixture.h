// KafkaSourceTest: sources of one topic of a stand-in cluster, and what they hand over.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kafka_fixture.h"
#include "kafka_source.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/real_scheduler.h"
#include "tidemill/testing/recording_log.h"

namespace tidemill::kafka {

inline std::vector<std::string> texts(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) texts.emplace_back(event.data.view());
  return texts;
}

inline constexpr Credit ample{.events = 1 << 20, .bytes = std::uint64_t{1} << 40, .alone = true};

class KafkaSourceTest : public ::testing::Test {
 protected:
  KafkaSourceTest() {
    cluster_.create("t", 2);
    config_.brokers = {cluster_.address()};
    config_.topic = "t";
    config_.group = "g";
    config_.properties = {"session.timeout.ms=6000", "fetch.wait.max.ms=20"};
  }

  std::unique_ptr<KafkaSource> source(bool until_idle = true, const std::string& engine = "me") {
    Services services{scheduler_, log_, "/nowhere", until_idle};
    services.engine_id = engine;
    services.epoch = 1;
    return std::make_unique<KafkaSource>(config_, std::move(services));
  }

  // What one life reads to the end of the topic; settled, if it says so.
  std::vector<Event> read_all(const std::string& engine = "me", bool settles = true) {
    auto one = source(true, engine);
    auto opened = scheduler_.run(one->open(progress_));
    EXPECT_TRUE(opened) << opened.error().message;
    std::vector<Event> events;
    for (bool more = opened.has_value(); more;) {
      const auto end = scheduler_.run(one->poll(ample, events));
      EXPECT_TRUE(end) << end.error().message;
      more = end && *end == PollEnd::more;
    }
    if (settles) settle(*one, events);
    scheduler_.run(one->close());
    return events;
  }

  void settle(KafkaSource& one, const std::vector<Event>& events) {
    std::vector<Settled> settled;
    for (const Event& event : events) {
      settled.push_back({event.partition, event.offset_next, {}, {}});
      progress_.settle(event);
    }
    EXPECT_TRUE(scheduler_.run(one.settle(settled)));
  }

  MockCluster cluster_;
  SourceConfig config_;
  testing::RealScheduler scheduler_;
  testing::RecordingLog log_;
  testing::MapProgress progress_;
};

}  // namespace tidemill::kafka

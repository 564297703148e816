// A store in memory and a hub over it, for the tests of this folder: put events, and drive sources
// as the engine does, on virtual time.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dispatch/testing/fake_edges.h"
#include "core/dispatch/testing/fake_store.h"
#include "core/streams/log_source.h"
#include "core/streams/outlet.h"
#include "core/streams/queue_source.h"
#include "core/streams/stream_hub.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::testing {

/// What is to be put.
struct Put {
  std::string data;
  std::string group = {};
  WallTime deliver_at = {};
  std::string key = {};
};

class StreamTest : public ::testing::Test {
 protected:
  ~StreamTest() override { scheduler_.abandon(); }

  // Through an outlet, as a pipeline does it.
  void put(StreamOutlet& outlet, const std::vector<Put>& puts) {
    CommitPart part;
    for (const Put& one : puts) {
      StreamAppend record;
      record.stream = outlet.stream();
      record.partition = outlet.partition_for(one.key, {});
      record.deliver_at = one.deliver_at;
      record.group = one.group;
      record.key = one.key;
      record.data = one.data;
      part.appended.push_back(record);
    }
    outlet.submitted(part);
    commit(part);
    outlet.committed(part);
  }

  void commit(const CommitPart& part) {
    const auto committed = scheduler_.run(sequencer_.commit(part, Durability::sync));
    ASSERT_TRUE(committed);
  }

  WallTime in(Duration wait) const {
    return WallTime(scheduler_.wall().value + static_cast<std::uint64_t>(wait.count()));
  }

  static std::vector<std::string> texts(const std::vector<Event>& events) {
    std::vector<std::string> all;
    for (const Event& event : events) all.emplace_back(event.data.view());
    return all;
  }

  VirtualScheduler scheduler_;
  FakeLog messages_;
  FakeStore store_;
  CommitSequencer sequencer_{scheduler_, store_, scheduler_.blocking()};
  int trims_wanted_ = 0;
  StreamHub hub_{store_, sequencer_, [this] { ++trims_wanted_; }};
  MapProgress none_;
};

}  // namespace tidemill::testing

#include "core/pipeline/quarantine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

class QuarantineTest : public ::testing::Test {
 protected:
  QuarantineTest() {
    auto record = CrashRecord::open(folder_ / "running.map", 4, 10);
    EXPECT_TRUE(record);
    record_ = std::move(*record);
    quarantine_ = std::make_unique<Quarantine>(scheduler_, *record_);
  }
  ~QuarantineTest() override { scheduler_.abandon(); }

  Task<> enter(std::string name, bool alone) {
    co_await quarantine_->enter(alone);
    inside_.push_back(std::move(name));
  }

  void come(std::string name, bool alone = false) {
    spawn(scheduler_, enter(std::move(name), alone));
    pass(0s);
  }

  void leave(bool alone = false) {
    quarantine_->leave(alone);
    pass(0s);
  }

  void pass(Duration time) {
    bool reached = false;
    scheduler_.call_at(scheduler_.now() + time, [&reached] { reached = true; });
    scheduler_.run_until([&reached] { return reached; });
  }

  testing::TempFolder folder_;
  testing::VirtualScheduler scheduler_;
  std::unique_ptr<CrashRecord> record_;
  std::unique_ptr<Quarantine> quarantine_;
  std::vector<std::string> inside_;
};

TEST_F(QuarantineTest, ASuspectWaitsUntilNobodyIsInsideAndKeepsTheOthersOut) {
  come("a");
  come("b");
  come("suspect", true);
  come("c");
  EXPECT_THAT(inside_, ElementsAre("a", "b"));
  leave();
  EXPECT_THAT(inside_, ElementsAre("a", "b"));
  leave();
  EXPECT_THAT(inside_, ElementsAre("a", "b", "suspect"));
  leave(true);
  EXPECT_THAT(inside_, ElementsAre("a", "b", "suspect", "c"));
}

TEST_F(QuarantineTest, ASuspectWaitsForResponsesToBeFreedButNotForEver) {
  const std::vector<Event> events(1);
  const BatchOrigin origin{PipelineId(1), 1, ProgressKind::log};
  auto answered = record_->answered(record_->begin(origin, events, false));
  come("suspect", true);
  EXPECT_THAT(inside_, ElementsAre());
  ASSERT_TRUE(record_->begin_free(answered));
  record_->end(answered.slot);
  pass(10ms);
  EXPECT_THAT(inside_, ElementsAre("suspect"));
  leave(true);

  std::ignore = record_->answered(record_->begin(origin, events, false));
  come("another", true);
  pass(1s);
  EXPECT_THAT(inside_, ElementsAre("suspect"));
  pass(2s);
  EXPECT_THAT(inside_, ElementsAre("suspect", "another"));
}

}  // namespace
}  // namespace tidemill

#include "core/worker/placement.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

namespace tidemill::worker {
namespace {

// Places a process that does nothing.
class PlacementTest : public ::testing::Test {
 protected:
  PlacementTest() {
    char name[] = "sleep", forever[] = "infinity";
    char* arguments[] = {name, forever, nullptr};
    EXPECT_EQ(posix_spawnp(&pid_, "sleep", nullptr, nullptr, arguments, nullptr), 0);
    cpu_set_t set;
    sched_getaffinity(pid_, sizeof set, &set);
    if (CPU_COUNT(&set) < 2) several_ = false;
  }
  ~PlacementTest() override {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  int processors() const {
    cpu_set_t set;
    sched_getaffinity(pid_, sizeof set, &set);
    return CPU_COUNT(&set);
  }

  void batches(Placement& placement, int count, Duration took) {
    for (int i = 0; i < count; ++i) {
      placement.begin();
      placement.end(took);
    }
  }

  pid_t pid_ = 0;
  bool several_ = true;
};

constexpr Duration quick = std::chrono::microseconds(10);
constexpr Duration slow = std::chrono::milliseconds(30);

TEST_F(PlacementTest, AQuickWorkerFollowsItsCaller) {
  if (!several_) GTEST_SKIP() << "there is one processor only";
  Placement placement(pid_);
  batches(placement, 10, quick);
  EXPECT_FALSE(placement.follows());
  EXPECT_GT(processors(), 1);
  batches(placement, 10, quick);
  EXPECT_TRUE(placement.follows());
  EXPECT_EQ(processors(), 1);
}

TEST_F(PlacementTest, ASlowWorkerRunsAnywhere) {
  Placement placement(pid_);
  for (int i = 0; i < 10; ++i) {
    batches(placement, 10, quick);
    batches(placement, 1, slow);
  }
  EXPECT_FALSE(placement.follows());
}

TEST_F(PlacementTest, AFollowerIsSetFreeByOneSlowBatch) {
  if (!several_) GTEST_SKIP() << "there is one processor only";
  Placement placement(pid_);
  const int before = processors();
  batches(placement, 20, quick);
  batches(placement, 1, std::chrono::microseconds(900));
  EXPECT_TRUE(placement.follows()) << "it may have waited for its turn";
  batches(placement, 1, std::chrono::microseconds(1100));
  EXPECT_FALSE(placement.follows());
  EXPECT_EQ(processors(), before);
}

TEST_F(PlacementTest, AReleasedWorkerRunsAnywhereAgain) {
  if (!several_) GTEST_SKIP() << "there is one processor only";
  Placement placement(pid_);
  const int before = processors();
  batches(placement, 20, quick);
  EXPECT_EQ(processors(), 1);
  placement.release();
  EXPECT_FALSE(placement.follows());
  EXPECT_EQ(processors(), before);
  batches(placement, 10, quick);
  EXPECT_FALSE(placement.follows());
}

}  // namespace
}  // namespace tidemill::worker

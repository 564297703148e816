#include "core/dispatch/row_claims.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/dispatch/row_guard.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill {
namespace {

using namespace std::chrono_literals;

const Instant t0{};

RowRead read(std::string_view key) { return {TableId(1), RowGuard::hash_of(key), 0}; }

class RowClaimsTest : public ::testing::Test {
 protected:
  ~RowClaimsTest() override { scheduler_.abandon(); }

  bool claim(const int& owner, std::string_view key) {
    const RowRead one = read(key);
    return claims_.claim(&owner, {&one, 1});
  }

  Task<> change(const int& owner, std::string_view key) {
    RowChange row;
    row.table = TableId(1);
    row.key = key;
    ++arrived_;
    co_await claims_.pass(&owner, {&row, 1});
    passed_.emplace_back(key);
  }
  void start(const int& owner, std::string_view key) {
    const int before = arrived_;
    spawn(scheduler_, change(owner, key));
    scheduler_.run_until([&] { return arrived_ > before; });
  }

  testing::VirtualScheduler scheduler_;
  RowClaims claims_{scheduler_};
  std::vector<std::string> passed_;
  int arrived_ = 0;
  int a_ = 0, b_ = 0;
};

TEST_F(RowClaimsTest, WhoeverChangesAClaimedRowWaitsUntilItIsGivenBack) {
  ASSERT_TRUE(claim(a_, "x"));
  start(b_, "x");
  EXPECT_TRUE(passed_.empty());
  claims_.release(&a_);
  scheduler_.run();

  EXPECT_EQ(passed_.size(), 1u);
  EXPECT_EQ(scheduler_.now(), t0);
}

TEST_F(RowClaimsTest, OtherRowsAndTheOwnerItselfPass) {
  ASSERT_TRUE(claim(a_, "x"));
  start(b_, "y");
  start(a_, "x");

  EXPECT_EQ(passed_.size(), 2u);
}

TEST_F(RowClaimsTest, OnlyOneMayHaveAClaimAndItMayAddToIt) {
  ASSERT_TRUE(claim(a_, "x"));
  EXPECT_FALSE(claim(b_, "y"));
  EXPECT_TRUE(claim(a_, "y"));
  claims_.release(&b_);
  start(b_, "x");
  start(b_, "y");
  EXPECT_TRUE(passed_.empty()) << "who has no claim gives none back";
  claims_.release(&a_);

  EXPECT_TRUE(claim(b_, "y"));
}

TEST_F(RowClaimsTest, AClaimEndsByItself) {
  ASSERT_TRUE(claim(a_, "x"));
  start(b_, "x");
  scheduler_.run();

  EXPECT_EQ(passed_.size(), 1u);
  EXPECT_EQ(scheduler_.now(), t0 + RowClaims::claim_max);
  EXPECT_TRUE(claim(b_, "x"));
}

TEST_F(RowClaimsTest, TheTimeOfAClaimThatWasGivenBackDoesNotEndTheNext) {
  ASSERT_TRUE(claim(a_, "x"));
  scheduler_.call_at(t0 + 5s, [&] {
    claims_.release(&a_);
    ASSERT_TRUE(claim(a_, "x"));
    spawn(scheduler_, change(b_, "x"));
  });
  scheduler_.run();

  EXPECT_EQ(scheduler_.now(), t0 + 5s + RowClaims::claim_max);
}

}  // namespace
}  // namespace tidemill

// FakeBank: a system with transactions, which outlives the engines that use it; FakeTeller is their
// sink. For tests of the Transactor.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tidemill/transactional_sink.h"

namespace tidemill::testing {

struct FakeBank {
  std::uint64_t last = 0;             ///< The number of the last transaction.
  std::vector<std::string> received;  ///< What they held.
};

class FakeTeller final : public TransactionalSink {
 public:
  enum class Call { recover, begin, prepare, commit };

  FakeTeller(Scheduler& scheduler, FakeBank& bank) : scheduler_(scheduler), bank_(bank) {}

  SinkTraits traits() const override {
    return {.idempotence = Idempotence::atomic, .takes_messages = true};
  }
  std::string place() const override { return "bank:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<> close() override { co_return; }

  Task<Result<std::uint64_t>> recover(std::optional<InDoubt> doubt) override {
    asked.push_back(doubt ? doubt->number : 0);
    begun_ = prepared_ = false;
    pending_.clear();
    const Result<> answer = co_await take_time(Call::recover);
    if (!answer) co_return std::unexpected(answer.error());
    co_return bank_.last;
  }

  Task<Result<>> begin(std::uint64_t number) override {
    EXPECT_EQ(number, bank_.last + 1);
    EXPECT_FALSE(begun_) << "the one before is still under way";
    const Result<> answer = co_await take_time(Call::begin);
    begun_ = answer.has_value();
    co_return answer;
  }

  Task<std::vector<Result<>>> write(SinkBatch batch) override {
    EXPECT_TRUE(begun_ && !prepared_);
    ++writes;
    co_await sleep_until(scheduler_, scheduler_.now() + takes);
    std::vector<Result<>> answers;
    for (const Effect& effect : batch.effects) {
      answers.push_back(answers_with ? answers_with(effect.data) : Result<>{});
      if (answers.back()) pending_.emplace_back(effect.data);
    }
    co_return answers;
  }

  Task<Result<>> prepare() override {
    EXPECT_TRUE(begun_);
    const Result<> answer = co_await take_time(Call::prepare);
    prepared_ = answer.has_value();
    co_return answer;
  }

  Task<Result<>> commit() override {
    EXPECT_TRUE(prepared_);
    if (on_commit) on_commit();
    const Result<> answer = co_await take_time(Call::commit);
    if (answer || happens_all_the_same) {
      ++bank_.last;
      for (std::string& one : pending_) bank_.received.push_back(std::move(one));
    }
    pending_.clear();
    begun_ = prepared_ = false;
    co_await sleep_until(scheduler_, scheduler_.now() + takes);
    co_return answer;
  }

  Task<> abort() override {
    begun_ = prepared_ = false;
    pending_.clear();
    ++aborts;
    co_return;
  }

  std::function<Result<>(Call)> goes;  ///< Asked before each; all succeed without.
  std::function<Result<>(std::string_view data)> answers_with;
  std::function<void()> on_commit;
  bool happens_all_the_same = false;  ///< A commit that answers an error.
  Duration takes = std::chrono::milliseconds(1);
  std::vector<std::uint64_t> asked;  ///< What recover() was asked about; 0: nothing.
  int writes = 0;
  int aborts = 0;

 private:
  Task<Result<>> take_time(Call call) {
    co_await sleep_until(scheduler_, scheduler_.now() + takes);
    if (!goes) co_return Result<>{};
    co_return goes(call);
  }

  Scheduler& scheduler_;
  FakeBank& bank_;
  std::vector<std::string> pending_;
  bool begun_ = false;
  bool prepared_ = false;
};

}  // namespace tidemill::testing

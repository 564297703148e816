// The edges of a pipeline for tests of PipelineRunner: a source of scripted events, a function and
// a sink that do what the test says, a log that remembers.
//
// Everything runs on one VirtualScheduler; FakeSource checks the promises that the engine makes to
// sources: credits are never exceeded, settle() and poll() never overlap themselves.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/dispatch/invoker.h"
#include "tidemill/log.h"
#include "tidemill/sink.h"
#include "tidemill/source.h"

namespace tidemill::testing {

struct FakeLog final : Log {
  void write(LogLevel, std::string_view sentence) override { lines.emplace_back(sentence); }
  std::vector<std::string> lines;
};

class FakeSource final : public Source {
 public:
  explicit FakeSource(Scheduler& scheduler) : scheduler_(scheduler), news_(scheduler) {}

  /// `id` lives as long as the event.
  void push(std::string_view data, std::uint32_t partition = 0, std::string_view id = {}) {
    Event event;
    event.id = id;
    event.partition = Partition(partition);
    if (next_.size() <= partition) next_.resize(partition + 1);
    event.offset = Offset(next_[partition]++);
    event.offset_next = Offset(next_[partition]);
    event.source = "fake";
    event.data = Bytes::copy(data);
    waiting.push_back(std::move(event));
    news_.notify();
  }

  /// The engine has started anew, and what the system hands out is counted from 0 again.
  void restart() {
    next_.clear();
    settled_up_to_.clear();
    polling_ = settling_ = interrupted_ = false;
  }

  SourceTraits traits() const override {
    return {.progress = progress,
            .can_pause = can_pause,
            .keys_in_order = keys_in_order,
            .replies = replies};
  }
  std::string identity() const override { return "fake"; }
  bool sees(std::string_view) const override { return false; }
  Task<Result<>> open(const Progress&) override { co_return Result<>{}; }

  Task<Result<PollEnd>> poll(Credit credit, std::vector<Event>& out) override {
    EXPECT_FALSE(std::exchange(polling_, true));
    polls.push_back(scheduler_.now());
    while (!ready() && errors.empty() && !interrupted_) co_await news_.wait();
    polling_ = false;
    if (interrupted_) co_return fail(Fault::cancelled, "interrupted");
    if (!errors.empty()) {
      const Error error = errors.front();
      errors.pop_front();
      co_return std::unexpected(error);
    }
    std::deque<Event> held;
    std::uint64_t bytes = 0;
    while (!waiting.empty() && credit.allows(waiting.front().bytes(), out.size(), bytes)) {
      const bool hold = paused_.contains(waiting.front().partition);
      if (!hold) bytes += waiting.front().bytes();
      if (hold) {
        held.push_back(std::move(waiting.front()));
      } else {
        out.push_back(std::move(waiting.front()));
      }
      waiting.pop_front();
    }
    std::ranges::move(waiting, std::back_inserter(held));
    waiting = std::move(held);
    if (on_deliver) on_deliver(out);
    EXPECT_TRUE(!out.empty() || ends || allows_nothing)
        << "the credit must have room for one event";
    co_return waiting.empty() && ends ? PollEnd::exhausted : PollEnd::more;
  }

  void pause(Partition partition, bool paused) override {
    EXPECT_TRUE(can_pause);
    EXPECT_NE(paused_.contains(partition), paused) << "told what it knows";
    if (paused) {
      paused_.insert(partition);
    } else {
      paused_.erase(partition);
    }
    news_.notify();
  }

  void interrupt() override {
    ++interrupts;
    interrupted_ = true;
    news_.notify();
  }

  Task<Result<>> settle(std::span<const Settled> all) override {
    EXPECT_FALSE(std::exchange(settling_, true)) << "settle() must not overlap itself";
    EXPECT_FALSE(all.empty());
    if (on_settle) on_settle();
    std::vector<std::uint64_t> offsets;
    for (const Settled& one : all) {
      if (one.reply != nullptr) told[one.offset.value] = one.reply->body;
      if (!one.failed.empty()) told[one.offset.value] = "failed: " + std::string(one.failed);
      if (progress != ProgressKind::log) {
        offsets.push_back(one.offset.value);
        continue;
      }
      // A partition has come so far.
      if (settled_up_to_.size() <= one.partition.value) settled_up_to_.resize(next_.size());
      std::uint64_t& done = settled_up_to_[one.partition.value];
      for (; done < one.offset.value; ++done) offsets.push_back(done);
    }
    co_await sleep_until(scheduler_, scheduler_.now() + settle_takes);
    settled.insert(settled.end(), offsets.begin(), offsets.end());
    settling_ = false;
    co_return Result<>{};
  }
  Task<> close() override { co_return; }

  ProgressKind progress = ProgressKind::log;
  bool ends = true;
  bool can_pause = false;
  bool keys_in_order = false;
  bool replies = false;
  std::map<std::uint64_t, std::string> told;  ///< By offset: the body of its reply, or why not.
  bool allows_nothing = false;                ///< An event may be larger than a credit.
  Duration settle_takes{0};
  std::function<void(const std::vector<Event>&)> on_deliver;
  std::function<void()> on_settle;
  std::deque<Event> waiting;
  std::deque<Error> errors;  ///< What the next polls answer.
  std::vector<Instant> polls;
  std::vector<std::uint64_t> settled;  ///< Offsets, in the order in which they were acknowledged.
  int interrupts = 0;

 private:
  bool ready() const {
    const auto open = [this](const Event& event) { return !paused_.contains(event.partition); };
    return std::ranges::any_of(waiting, open) || (ends && waiting.empty());
  }

  Scheduler& scheduler_;
  Signal news_;
  std::set<Partition> paused_;
  std::vector<std::uint64_t> next_;
  std::vector<std::uint64_t> settled_up_to_;
  bool polling_ = false;
  bool settling_ = false;
  bool interrupted_ = false;
};

class FakeInvoker final : public Invoker {
 public:
  struct Call {
    std::vector<std::string> events;
    std::uint32_t attempt;
    Instant at;
  };

  explicit FakeInvoker(Scheduler& scheduler) : scheduler_(scheduler) {}

  const FunctionTraits& traits() const override { return traits_; }
  std::string_view version() const override { return "v1"; }

  Task<Answer> invoke(const Request& request) override {
    Call call{{}, request.attempt, scheduler_.now()};
    for (const Event& event : request.events) call.events.emplace_back(event.data.view());
    calls.push_back(std::move(call));
    running_max = std::max(running_max, ++running_);
    Answer answer;
    if (reads) answer.reads = reads(request);
    const Duration pause = takes_for ? takes_for(request) : takes;
    co_await sleep_until(scheduler_, scheduler_.now() + pause);
    --running_;
    for (std::uint32_t i = 0; i < request.events.size(); ++i) {
      const std::string_view data = request.events[i].data.view();
      auto failure = fails ? fails(data, request.attempt) : std::nullopt;
      if (failure) {
        answer.failures.push_back({i, failure->fault, failure->message});
      } else {
        answer.effects.push_back({.event = i, .output = 0, .key = data, .data = data});
        answer.effects.push_back(
            {.kind = EffectKind::put_row, .event = i, .output = 1, .key = data, .data = "row"});
        if (replies)
          answer.effects.push_back({.kind = EffectKind::reply,
                                    .event = i,
                                    .output = no_output,
                                    .operand = 200,
                                    .data = data});
      }
    }
    if (batch_fails) answer.error = batch_fails(request);
    co_return answer;
  }

  Duration takes{0};
  std::function<Duration(const Request&)> takes_for;          ///< In place of `takes`.
  std::function<std::vector<RowRead>(const Request&)> reads;  ///< Asked when a call starts.
  std::function<std::optional<Error>(std::string_view data, std::uint32_t attempt)> fails;
  std::function<std::optional<Error>(const Request&)> batch_fails;
  bool replies = false;  ///< To each event, with its data.
  std::vector<Call> calls;
  int running_max = 0;  ///< Calls under way at once.

 private:
  Scheduler& scheduler_;
  FunctionTraits traits_{false, {}};
  int running_ = 0;
};

class FakeSink final : public Sink {
 public:
  explicit FakeSink(Scheduler& scheduler) : scheduler_(scheduler) {}

  SinkTraits traits() const override { return {.takes_messages = true}; }
  std::string place() const override { return "fake:"; }
  Task<Result<>> open() override { co_return Result<>{}; }

  Task<std::vector<Result<>>> write(SinkBatch batch) override {
    EXPECT_FALSE(std::exchange(writing_, true)) << "write() must not overlap itself";
    ++writes;
    co_await sleep_until(scheduler_, scheduler_.now() + takes);
    std::vector<Result<>> honest;
    for (const Effect& effect : batch.effects) {
      tried.emplace_back(effect.data);
      ids.push_back(effect_id(batch, effect));
      Result<> answer = answers_with ? answers_with(effect.data, writes) : Result<>{};
      if (answer) received.emplace_back(effect.data);
      honest.push_back(std::move(answer));
    }
    writing_ = false;
    if (answers) co_return *answers;
    co_return honest;
  }
  Task<> close() override { co_return; }

  Duration takes{0};
  std::function<Result<>(std::string_view data, int write)> answers_with;
  std::optional<std::vector<Result<>>> answers;  ///< In place of what it should answer.
  std::vector<std::string> tried;
  std::vector<std::string> ids;  ///< Of those.
  std::vector<std::string> received;
  int writes = 0;

 private:
  Scheduler& scheduler_;
  bool writing_ = false;
};

}  // namespace tidemill::testing

// MemoryArchive: an archive whose objects are in memory, and fail when they are told to.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/staged_sink.h"

namespace tidemill::testing {

/// What outlives an engine.
struct MemoryBucket {
  std::map<std::string, std::string> objects;  ///< One line for each event.
  std::uint64_t written = 0;                   ///< Objects, repeated ones included.

  void put(const std::string& key, const std::string& content) {
    ++written;
    const auto found = objects.try_emplace(key, content).first;
    EXPECT_EQ(found->second, content) << key << " was overwritten with something else";
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const auto& [key, content] : objects) {
      std::string_view rest = content;
      for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
        all.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
      }
    }
    return all;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    for (const auto& [key, content] : objects) all.push_back(key);
    return all;
  }
};

class MemoryArchive final : public StagedSink {
 public:
  MemoryArchive(MemoryBucket& bucket, StagePolicy policy)
      : bucket_(bucket), policy_(std::move(policy)) {}

  SinkTraits traits() const override {
    return {.idempotence = Idempotence::atomic, .takes_messages = true};
  }
  std::string place() const override { return "memory:"; }
  Task<Result<>> open() override { co_return Result<>{}; }
  Task<> close() override { co_return; }

  StagePolicy policy() const override { return policy_; }
  ObjectPlan plan(Hour hour, std::string_view name) const override {
    const auto number = hour.time_since_epoch().count();
    return {std::to_string(number) + "/" + std::string(name), format};
  }
  Task<Result<>> begin(const ObjectPlan& plan) override {
    if (fails) co_return fail(Fault::transient, *fails);
    object_ = plan;
    content_ = plan.format.empty() ? "" : plan.format + '\n';
    co_return Result<>{};
  }
  Task<Result<>> add(std::span<const Event> events) override {
    if (on_add) on_add();
    if (fails) co_return fail(Fault::transient, *fails);
    for (const Event& event : events) {
      if (policy_.attributes) content_.append(event.id).append(" ");
      content_.append(event.data.view()).append("\n");
    }
    co_return Result<>{};
  }
  Task<Result<std::uint64_t>> finish() override {
    if (fails) co_return fail(Fault::transient, *fails);
    const std::uint64_t bytes = content_.size();
    bucket_.put(object_.key, std::exchange(content_, {}));
    co_return bytes;
  }
  Task<> abandon() override {
    ++abandoned;
    content_.clear();
    co_return;
  }

  std::optional<std::string> fails;  ///< What every call answers.
  std::function<void()> on_add;
  std::string format;
  std::uint64_t abandoned = 0;

 private:
  MemoryBucket& bucket_;
  const StagePolicy policy_;
  ObjectPlan object_;
  std::string content_;
};

}  // namespace tidemill::testing

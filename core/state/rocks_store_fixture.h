// A data folder that tests can open, close, crash and open again; for the tests of RocksStore.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/state/rocks_store.h"

namespace tidemill {

inline constexpr WallTime now(1'000'000);

inline RowChange put(TableId table, std::string_view key, std::string_view data,
                     EventTime time = {}) {
  return {.table = table, .kind = EffectKind::put_row, .time = time, .key = key, .data = data};
}

inline RowChange remove(TableId table, std::string_view key) {
  return {.table = table, .kind = EffectKind::delete_row, .key = key};
}

inline RowChange merge(TableId table, std::string_view key, MergeKind kind,
                       std::int64_t operand = 0, EventTime time = {}) {
  return {.table = table,
          .kind = EffectKind::merge_row,
          .merge = kind,
          .operand = operand,
          .time = time,
          .key = key};
}

class RocksStoreTest : public ::testing::Test {
 protected:
  RocksStoreTest()
      : root_(std::filesystem::temp_directory_path() /
              ("tidemill-store-" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
               std::to_string(::getpid()))) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    reopen();
  }

  ~RocksStoreTest() override {
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  static RocksStore::Options options(WallTime at = now) {
    return {.engine_id = "11111111-2222-3333-4444-555555555555", .now = at};
  }

  void reopen(WallTime at = now) {
    store_.reset();
    auto opened = RocksStore::open(folder_, options(at));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  // What a power cut at this instant would leave, opened again.
  void crash() {
    const std::filesystem::path copy = root_ / ("crash" + std::to_string(++crashes_));
    // RocksDB's threads remove files that they need no more, also from under a copy.
    std::error_code failed;
    do {
      std::filesystem::remove_all(copy);
      std::filesystem::copy(folder_, copy, std::filesystem::copy_options::recursive, failed);
    } while (failed == std::errc::no_such_file_or_directory);
    ASSERT_FALSE(failed) << failed.message();
    store_.reset();
    folder_ = copy;
    reopen();
  }

  TableId table(std::string_view name) { return store_->table(name).value(); }
  PipelineId pipeline(std::string_view name) { return store_->pipeline(name, "").value(); }

  Result<> try_commit(const std::vector<CommitPart>& parts, WallTime at = now,
                      Durability durability = Durability::sync) {
    std::vector<const CommitPart*> pointers;
    for (const CommitPart& part : parts) pointers.push_back(&part);
    return store_->commit(pointers, at, durability);
  }

  void commit(const std::vector<CommitPart>& parts, WallTime at = now) {
    const auto committed = try_commit(parts, at);
    ASSERT_TRUE(committed) << committed.error().message;
  }

  void commit_rows(std::vector<RowChange> rows) {
    commit({CommitPart{.pipeline = PipelineId(1), .rows = std::move(rows)}});
  }

  std::optional<std::string> body(TableId table, std::string_view key) {
    const auto row = store_->row(table, key, now);
    EXPECT_TRUE(row);
    if (!row || !*row) return std::nullopt;
    return (*row)->body;
  }

  std::vector<std::string> keys(TableId table, std::string_view prefix = "") {
    std::vector<std::string> keys;
    EXPECT_TRUE(store_->each_row(table, prefix, now, [&](std::string_view key, const Row&) {
      keys.emplace_back(key);
      return true;
    }));
    return keys;
  }

  std::map<std::string, std::string> objects(PipelineId pipeline, std::string_view identity) {
    std::map<std::string, std::string> objects;
    const auto progress = store_->progress(pipeline, identity);
    EXPECT_TRUE(progress);
    (*progress)->each_object(
        [&](std::string_view key, std::string_view version) { objects.emplace(key, version); });
    return objects;
  }

  std::vector<std::uint64_t> dead_letters(std::optional<PipelineId> pipeline, WallTime at = now) {
    std::vector<std::uint64_t> numbers;
    EXPECT_TRUE(store_->each_dead_letter(pipeline, at,
                                         [&](PipelineId, std::uint64_t number, const DeadLetter&) {
                                           numbers.push_back(number);
                                           return true;
                                         }));
    return numbers;
  }

  std::filesystem::path root_;
  std::filesystem::path folder_ = root_ / "data";
  int crashes_ = 0;
  std::unique_ptr<RocksStore> store_;
};

}  // namespace tidemill

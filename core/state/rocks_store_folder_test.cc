// The data folder: crashes, torn logs, formats, a second engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"
#include "core/state/values.h"

namespace tidemill {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

namespace fs = std::filesystem;

TEST_F(RocksStoreTest, EveryAnsweredCommitSurvivesACrash) {
  const PipelineId p = pipeline("p");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const TableId t = table("t");
    const std::string key = "k" + std::to_string(i);
    commit({{.pipeline = p,
             .rows = {put(t, key, "1"), merge(t, "sum", MergeKind::sum, 1)},
             .logs = {{Partition(0), Offset(i), {}}},
             .objects = {{key, "v"}},
             .dead_letters = {{.event_id = key}}}});
    crash();
    EXPECT_THAT(keys(t), SizeIs(i + 1));
    EXPECT_EQ(body(t, "sum"), std::to_string(i));
    EXPECT_EQ((*store_->progress(p, "file:/events"))->next(Partition(0)), Offset(i));
    EXPECT_THAT(objects(p, "file:/events"), SizeIs(i));
    EXPECT_THAT(dead_letters(p), SizeIs(i));
  }
}

// Whatever part of the log a power cut leaves, a group is there as a whole or not at all, and no
// group without those before it.
TEST_F(RocksStoreTest, ATornLogHoldsWholeGroupsOnly) {
  const PipelineId p = pipeline("p");
  const TableId t = table("t");
  const TableId u = table("u");
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  ASSERT_TRUE(store_->flush());
  for (std::uint64_t i = 1; i <= 8; ++i) {
    const std::string key = "k" + std::to_string(i);
    commit({{.pipeline = p, .rows = {put(t, key, std::string(40, 'x'))}},
            {.pipeline = p,
             .rows = {put(u, key, "1")},
             .logs = {{Partition(0), Offset(i), {}}},
             .objects = {{key, "v"}},
             .dead_letters = {{.event_id = key}}}});
  }
  fs::path log;
  for (const auto& entry : fs::directory_iterator(folder_ / "state")) {
    if (entry.path().extension() == ".log" && (log.empty() || log < entry.path())) {
      log = entry.path();
    }
  }
  const fs::path whole = root_ / "whole";
  fs::copy(folder_, whole, fs::copy_options::recursive);
  const auto size = fs::file_size(whole / "state" / log.filename());
  ASSERT_GT(size, 1000u);
  std::vector<std::size_t> lengths;
  for (std::uintmax_t cut = 0; cut <= size; cut += 97) {
    store_.reset();
    folder_ = root_ / "cut";
    fs::remove_all(folder_);
    fs::copy(whole, folder_, fs::copy_options::recursive);
    fs::resize_file(folder_ / "state" / log.filename(), cut);
    reopen();
    const std::size_t groups = keys(t).size();
    EXPECT_EQ(keys(u).size(), groups);
    EXPECT_EQ(objects(p, "file:/events").size(), groups);
    EXPECT_EQ(dead_letters(p).size(), groups);
    const auto next = (*store_->progress(p, "file:/events"))->next(Partition(0));
    EXPECT_EQ(next.value_or(Offset(0)), Offset(groups));
    lengths.push_back(groups);
  }
  EXPECT_TRUE(std::ranges::is_sorted(lengths));
  EXPECT_EQ(lengths.front(), 0u);
  EXPECT_GE(lengths.back(), 7u);
}

TEST_F(RocksStoreTest, TheEngineKeepsItsIdAndRaisesItsEpoch) {
  EXPECT_EQ(store_->engine_id(), "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ(store_->epoch(), 1u);
  store_.reset();
  auto other = RocksStore::open(folder_, {.engine_id = "another"});
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)->engine_id(), "11111111-2222-3333-4444-555555555555");
  EXPECT_EQ((*other)->epoch(), 2u);
}

TEST_F(RocksStoreTest, ASecondEngineIsToldThatTheFolderIsInUse) {
  const auto second = RocksStore::open(folder_, options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, Fault::bad_config);
  EXPECT_EQ(second.error().message,
            "data folder " + folder_.string() + " is in use by another engine");
}

TEST_F(RocksStoreTest, AMissingFolderIsNotMadeToLookAtIt) {
  const fs::path missing = root_ / "missing";
  const auto opened =
      RocksStore::open(missing, {.engine_id = "e", .missing = state::IfMissing::fail});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr(missing.string()));
  EXPECT_FALSE(fs::exists(missing));
}

TEST_F(RocksStoreTest, AFolderThatCannotBeMadeIsAnErrorNotAnException) {
  const auto opened = RocksStore::open("/proc/nowhere", options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::transient);
}

TEST_F(RocksStoreTest, ANewerFormatIsRefusedByName) {
  store_.reset();
  {
    auto database = state::Database::open(folder_ / "state", "data", {}, state::IfMissing::fail);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->put((*database)->meta(), "format", state::text_value("3.3")));
  }
  const auto opened = RocksStore::open(folder_, options());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("has format 3.3, this engine reads up to 2.x"));
}

TEST_F(RocksStoreTest, AFamilyOfALaterMinorFormatIsLeftAlone) {
  store_.reset();
  {
    rocksdb::DB* db = nullptr;
    std::vector<std::string> names;
    const std::string path = (folder_ / "state").string();
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    ASSERT_TRUE(rocksdb::DB::Open({}, path, families, &handles, &db).ok());
    const std::unique_ptr<rocksdb::DB> owned(db);
    rocksdb::ColumnFamilyHandle* later = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily({}, "schedules", &later).ok());
    handles.push_back(later);
    for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  reopen();
  EXPECT_EQ(store_->epoch(), 2u);
}

}  // namespace
}  // namespace tidemill

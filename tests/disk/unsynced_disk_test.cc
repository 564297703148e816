#include "tests/disk/unsynced_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/env.h>

#include <memory>
#include <set>
#include <string>

namespace tidemill::sim {
namespace {

using ::testing::Contains;
using ::testing::SizeIs;

class UnsyncedDiskTest : public ::testing::Test {
 protected:
  std::unique_ptr<rocksdb::WritableFile> make(const std::string& path, const std::string& bytes) {
    std::unique_ptr<rocksdb::WritableFile> file;
    EXPECT_TRUE(disk_.env()->NewWritableFile(path, &file, {}).ok());
    EXPECT_TRUE(file->Append(bytes).ok());
    return file;
  }

  void sync_folder(const std::string& path) {
    std::unique_ptr<rocksdb::Directory> folder;
    ASSERT_TRUE(disk_.env()->NewDirectory(path, &folder).ok());
    ASSERT_TRUE(folder->Fsync().ok());
  }

  // "-" when there is no such file.
  std::string bytes_of(const std::string& path) {
    std::string bytes;
    return rocksdb::ReadFileToString(disk_.env(), path, &bytes).ok() ? bytes : "-";
  }

  UnsyncedDisk disk_;
};

TEST_F(UnsyncedDiskTest, WhatWasSyncedStaysAndABeginningOfTheRestMay) {
  auto file = make("/a", "synced");
  ASSERT_TRUE(file->Sync().ok());
  sync_folder("/");
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    ASSERT_TRUE(file->Truncate(6).ok());
    ASSERT_TRUE(file->Append("-tail").ok());
    disk_.crash(seed);
    seen.insert(bytes_of("/a"));
  }
  EXPECT_THAT(seen, SizeIs(6));
  EXPECT_THAT(seen, Contains("synced"));
  EXPECT_THAT(seen, Contains("synced-tail"));
}

TEST_F(UnsyncedDiskTest, ASyncedFileWithoutASyncedNameMayBeGone) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ASSERT_TRUE(make("/a", "bytes")->Sync().ok());
    disk_.crash(seed);
    seen.insert(bytes_of("/a"));
    if (bytes_of("/a") != "-") {
      ASSERT_TRUE(disk_.env()->DeleteFile("/a").ok());
    }
    sync_folder("/");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"-", "bytes"}));
}

TEST_F(UnsyncedDiskTest, AMoveHappensAsAWholeOrNotAtAllAndARemovalMayBeUndone) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    ASSERT_TRUE(make("/now", "old")->Sync().ok());
    sync_folder("/");
    ASSERT_TRUE(make("/new", "new")->Sync().ok());
    ASSERT_TRUE(disk_.env()->RenameFile("/new", "/now").ok());
    ASSERT_TRUE(disk_.env()->DeleteFile("/now").ok());
    disk_.crash(seed);
    seen.insert(bytes_of("/now") + " " + bytes_of("/new"));
    for (const char* path : {"/now", "/new"}) {
      if (bytes_of(path) != "-") {
        ASSERT_TRUE(disk_.env()->DeleteFile(path).ok());
      }
    }
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old -", "old new", "new -", "- -"}));
}

TEST_F(UnsyncedDiskTest, AFolderThatWasNotSyncedAboveIsLostWithAllInIt) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    UnsyncedDisk disk;
    ASSERT_TRUE(disk.env()->CreateDirIfMissing("/data").ok());
    std::unique_ptr<rocksdb::Directory> folder;
    ASSERT_TRUE(disk.env()->NewDirectory("/data", &folder).ok());
    std::unique_ptr<rocksdb::WritableFile> file;
    ASSERT_TRUE(disk.env()->NewWritableFile("/data/a", &file, {}).ok());
    ASSERT_TRUE(folder->Fsync().ok());
    disk.crash(seed);
    seen.insert(disk.env()->FileExists("/data/a").ok() ? "whole" : "gone");
  }
  EXPECT_EQ(seen, (std::set<std::string>{"whole", "gone"}));
}

TEST_F(UnsyncedDiskTest, EqualSeedsLeaveEqualDisks) {
  const auto left = [](std::uint64_t seed) {
    UnsyncedDisk disk;
    std::unique_ptr<rocksdb::WritableFile> file;
    EXPECT_TRUE(disk.env()->NewWritableFile("/a", &file, {}).ok());
    EXPECT_TRUE(file->Append(std::string(1000, 'x')).ok());
    disk.crash(seed);
    std::string bytes;
    return rocksdb::ReadFileToString(disk.env(), "/a", &bytes).ok() ? bytes.size() : 9999;
  };
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(left(seed), left(seed));
    sizes.insert(left(seed));
  }
  EXPECT_GT(sizes.size(), 10u);
}

TEST_F(UnsyncedDiskTest, WithoutPowerNothingChangesAnyMore) {
  auto file = make("/a", "before");
  disk_.cut_before(disk_.changes() + 1);
  EXPECT_TRUE(file->Append(".").ok());
  EXPECT_FALSE(file->Append("after").ok());
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_FALSE(disk_.env()->DeleteFile("/a").ok());
  EXPECT_EQ(bytes_of("/a"), "before.");
}

TEST_F(UnsyncedDiskTest, AFullDiskTakesWhatFits) {
  auto file = make("/a", "1234");
  disk_.set_space(6);
  EXPECT_TRUE(file->Append("56789").IsNoSpace());
  EXPECT_EQ(bytes_of("/a"), "123456");
  disk_.set_space(100);
  EXPECT_TRUE(file->Append("7").ok());
}

}  // namespace
}  // namespace tidemill::sim

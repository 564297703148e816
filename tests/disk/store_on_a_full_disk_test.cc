// RocksStore on a disk that is full for a while: it says so, and nothing that was answered is lost.
//
// Once on the disk in memory, with every amount of space by the seed, and once on a small tmpfs,
// with the kernel's own way to be full. The latter mounts, so it is run in a namespace of its own
// (CMakeLists.txt); where that cannot be had it fails and says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "core/state/rocks_store.h"
#include "tests/disk/unsynced_disk.h"

namespace tidemill::sim {
namespace {

constexpr WallTime now(1'800'000'000'000'000);
constexpr std::uint64_t plenty = std::numeric_limits<std::uint64_t>::max();

// Commits rows "1", "2", ... of some size, and goes on where the store is after a failure.
class Writer {
 public:
  explicit Writer(const std::filesystem::path& folder, rocksdb::Env* env) {
    RocksStore::Options options{.engine_id = "e", .now = now, .env = env};
    // Small, so that files are written while there is room, and closing does not take long.
    options.limits.memtable_bytes = 1u << 20;
    store_ = RocksStore::open(folder, std::move(options)).value();
    pipeline_ = store_->pipeline("p", "").value();
    table_ = store_->table("t").value();
    EXPECT_TRUE(store_->progress(pipeline_, "kafka:events"));
  }

  /// Commits until one fails, or `most` have succeeded.
  std::optional<Error> fill(std::uint64_t most, std::size_t bytes) {
    for (std::uint64_t i = 0; i < most; ++i) {
      const std::string key = std::to_string(next_);
      const std::string data(bytes, static_cast<char>('a' + next_ % 26));
      const CommitPart part{
          .pipeline = pipeline_,
          .rows = {{.table = table_, .kind = EffectKind::put_row, .key = key, .data = data},
                   {.table = table_,
                    .kind = EffectKind::merge_row,
                    .merge = MergeKind::count,
                    .key = "count"}},
          .logs = {{Partition(0), Offset(next_), {}}}};
      const CommitPart* const parts[] = {&part};
      ++attempted_;
      const auto committed = store_->commit(parts, now, Durability::sync);
      if (!committed) return committed.error();
      ++next_;
    }
    return std::nullopt;
  }

  Result<> reopen() {
    auto reopened = store_->reopen();
    if (!reopened) return reopened;
    const auto logs = store_->log_progress(pipeline_);
    if (!logs) return std::unexpected(logs.error());
    const std::uint64_t done = logs->empty() ? 0 : logs->front().next.value;
    EXPECT_GE(done + 1, next_) << "a commit that was answered is lost";
    EXPECT_LE(done, attempted_);
    next_ = done + 1;
    attempted_ = done;
    return {};
  }

  void expect_whole() {
    std::uint64_t rows = 0;
    EXPECT_TRUE(store_->each_row(table_, "", now, [&](std::string_view key, const Row& row) {
      if (key == "count") {
        EXPECT_EQ(row.body, std::to_string(next_ - 1));
      } else {
        ++rows;
      }
      return true;
    }));
    EXPECT_EQ(rows, next_ - 1);
  }

  std::uint64_t done() const { return next_ - 1; }

 private:
  std::unique_ptr<RocksStore> store_;
  PipelineId pipeline_;
  TableId table_;
  std::uint64_t next_ = 1;
  std::uint64_t attempted_ = 0;
};

TEST(StoreOnAFullDisk, GoesOnOnceThereIsSpaceWhereverItRanOut) {
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    UnsyncedDisk disk;
    Writer writer("/data", disk.env());
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(writer.fill(random() % 50, 3'000), std::nullopt);
      disk.set_space(disk.used() + random() % 50'000);
      const auto failed = writer.fill(1'000, 3'000);
      ASSERT_TRUE(failed);
      EXPECT_EQ(failed->fault, Fault::transient);
      // Nothing is freed yet: mostly refused, but what is left may just do.
      if (const auto reopened = writer.reopen(); !reopened) {
        ++refused;
        EXPECT_EQ(reopened.error().fault, Fault::transient);
        EXPECT_EQ(writer.fill(1, 1)->message, reopened.error().message);
      }
      disk.set_space(plenty);
      const auto reopened = writer.reopen();
      ASSERT_TRUE(reopened) << reopened.error().message;
      writer.expect_whole();
    }
    EXPECT_EQ(writer.fill(20, 3'000), std::nullopt);
    writer.expect_whole();
  }
  EXPECT_GT(refused, 30u);
}

// 16 MiB, unmounted at the end.
class SmallDisk {
 public:
  SmallDisk()
      : path_(std::filesystem::temp_directory_path() /
              ("tidemill-small-disk-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
    mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, "size=16m") == 0;
    if (!mounted_) why_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) ::umount(path_.c_str());
    std::filesystem::remove_all(path_);
  }

  bool mounted() const { return mounted_; }
  const std::string& why() const { return why_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  bool mounted_ = false;
  std::string why_;
};

// Somebody else's file, which takes all that is left.
void take_all_space(const std::filesystem::path& file) {
  std::ofstream taken(file, std::ios::binary);
  const std::string block(4096, 'x');
  while (taken.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

TEST(StoreOnASmallTmpfs, StopsSaysWhyAndGoesOnOnceThereIsSpace) {
  const SmallDisk disk;
  ASSERT_TRUE(disk.mounted()) << "cannot mount a tmpfs: " << disk.why()
                              << "; run it as root, or under `unshare -rm`";
  Writer writer(disk.path() / "data", nullptr);
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(writer.fill(100, 5'000), std::nullopt);
    // Closing gives back what was allocated ahead, so that a reopened store may get a little
    // further before it stops again.
    for (const char* file : {"taken", "taken too", "and all the rest"}) {
      take_all_space(disk.path() / file);
      const auto failed = writer.fill(10'000, 5'000);
      ASSERT_TRUE(failed);
      EXPECT_EQ(failed->fault, Fault::transient);
      EXPECT_THAT(failed->message, ::testing::HasSubstr("No space left on device"));
      if (const auto refused = writer.reopen(); !refused) {
        EXPECT_EQ(refused.error().fault, Fault::transient);
        EXPECT_THAT(refused.error().message, ::testing::HasSubstr("No space left on device"));
      }
    }
    std::filesystem::remove(disk.path() / "taken");
    std::filesystem::remove(disk.path() / "taken too");
    std::filesystem::remove(disk.path() / "and all the rest");
    const auto reopened = writer.reopen();
    ASSERT_TRUE(reopened) << reopened.error().message;
    writer.expect_whole();
  }
  EXPECT_GE(writer.done(), 300u);
}

}  // namespace
}  // namespace tidemill::sim

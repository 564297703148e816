#include "tests/disk/unsynced_disk.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/disk/disk_tree.h"

namespace tidemill::sim {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

IOStatus missing(const std::string& path) { return IOStatus::PathNotFound(path, "no such file"); }

IOStatus read(const Node& file, std::uint64_t offset, std::size_t size, rocksdb::Slice* result,
              char* scratch) {
  const std::size_t begin = std::min<std::size_t>(offset, file.bytes.size());
  const std::size_t taken = std::min(size, file.bytes.size() - begin);
  std::memcpy(scratch, file.bytes.data() + begin, taken);
  *result = rocksdb::Slice(scratch, taken);
  return IOStatus::OK();
}

}  // namespace

struct UnsyncedDisk::State {
  explicit State(Syncs s) : syncs(s) {}

  // Precondition of everything below: the mutex is held.
  bool powered() { return changes++ < cut_before; }

  IOStatus sync(Node& node) {
    if (!powered()) return no_power();
    if (syncs == Syncs::honest) DiskTree::sync(node);
    return IOStatus::OK();
  }

  IOStatus append(Node& file, std::string_view bytes) {
    if (!powered()) return no_power();
    const std::uint64_t used = space == never ? 0 : tree.bytes();
    const std::uint64_t room = space - std::min(space, used);
    file.bytes += bytes.substr(0, room);
    return bytes.size() <= room ? IOStatus::OK() : IOStatus::NoSpace("the disk is full");
  }

  static IOStatus no_power() { return IOStatus::IOError("the power is cut"); }

  std::mutex mutex;
  const Syncs syncs;
  DiskTree tree;
  std::set<std::string> locked;
  std::uint64_t changes = 0;
  std::uint64_t cut_before = never;
  std::uint64_t space = never;
};

class UnsyncedDisk::Files final : public rocksdb::FileSystem {
 public:
  explicit Files(std::shared_ptr<State> state) : state_(std::move(state)) {}

  const char* Name() const override { return "UnsyncedDisk"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext*) override {
    return open<SequentialFile>(path, result);
  }

  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext*) override {
    return open<RandomAccessFile>(path, result);
  }

  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->powered()) return State::no_power();
    const auto file = std::make_shared<Node>();
    if (!state_->tree.put(path, file)) return missing(path);
    *result = std::make_unique<WritableFile>(state_, file);
    return IOStatus::OK();
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override {
    return open<Folder>(path, result);
  }

  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    return state_->tree.find(path) ? IOStatus::OK() : IOStatus::NotFound(path);
  }

  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* folder,
                       IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    const auto node = state_->tree.find(path);
    *folder = node && node->folder;
    return node ? IOStatus::OK() : missing(path);
  }

  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    const auto node = state_->tree.find(path);
    names->clear();
    if (!node) return missing(path);
    for (const auto& [name, child] : node->names) names->push_back(name);
    return IOStatus::OK();
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->powered()) return State::no_power();
    return state_->tree.remove(path) ? IOStatus::OK() : missing(path);
  }

  IOStatus DeleteDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return DeleteFile(path, options, debug);
  }

  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->powered()) return State::no_power();
    if (state_->tree.find(path)) return IOStatus::IOError(path, "exists");
    return make_folder(path);
  }

  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    if (state_->tree.find(path)) return IOStatus::OK();
    if (!state_->powered()) return State::no_power();
    return make_folder(path);
  }

  IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* size,
                       IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    const auto node = state_->tree.find(path);
    *size = node ? node->bytes.size() : 0;
    return node ? IOStatus::OK() : missing(path);
  }

  // Only ever shown.
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, std::uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return IOStatus::OK();
  }

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    const std::lock_guard lock(state_->mutex);
    if (!state_->powered()) return State::no_power();
    return state_->tree.move(from, to) ? IOStatus::OK() : missing(from);
  }

  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    const std::lock_guard guard(state_->mutex);
    if (!state_->locked.insert(path).second) return IOStatus::IOError("lock " + path, "is held");
    *lock = new Lock(path);
    return IOStatus::OK();
  }

  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<Lock> held(static_cast<Lock*>(lock));
    const std::lock_guard guard(state_->mutex);
    state_->locked.erase(held->path);
    return IOStatus::OK();
  }

  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/";
    return IOStatus::OK();
  }

  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                           IODebugContext*) override {
    *absolute = path;
    return IOStatus::OK();
  }

 private:
  struct Lock final : rocksdb::FileLock {
    explicit Lock(std::string p) : path(std::move(p)) {}
    const std::string path;
  };

  class SequentialFile final : public rocksdb::FSSequentialFile {
   public:
    SequentialFile(std::shared_ptr<State> state, std::shared_ptr<Node> file)
        : state_(std::move(state)), file_(std::move(file)) {}

    IOStatus Read(std::size_t size, const IOOptions&, rocksdb::Slice* result, char* scratch,
                  IODebugContext*) override {
      const std::lock_guard lock(state_->mutex);
      const IOStatus done = read(*file_, at_, size, result, scratch);
      at_ += result->size();
      return done;
    }

    IOStatus Skip(std::uint64_t size) override {
      at_ += size;
      return IOStatus::OK();
    }

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Node> file_;
    std::uint64_t at_ = 0;
  };

  class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
   public:
    RandomAccessFile(std::shared_ptr<State> state, std::shared_ptr<Node> file)
        : state_(std::move(state)), file_(std::move(file)) {}

    IOStatus Read(std::uint64_t offset, std::size_t size, const IOOptions&, rocksdb::Slice* result,
                  char* scratch, IODebugContext*) const override {
      const std::lock_guard lock(state_->mutex);
      return read(*file_, offset, size, result, scratch);
    }

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Node> file_;
  };

  class WritableFile final : public rocksdb::FSWritableFile {
   public:
    WritableFile(std::shared_ptr<State> state, std::shared_ptr<Node> file)
        : state_(std::move(state)), file_(std::move(file)) {}

    using rocksdb::FSWritableFile::Append;
    IOStatus Append(const rocksdb::Slice& bytes, const IOOptions&, IODebugContext*) override {
      const std::lock_guard lock(state_->mutex);
      return state_->append(*file_, bytes.ToStringView());
    }

    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
      const std::lock_guard lock(state_->mutex);
      if (!state_->powered()) return State::no_power();
      file_->bytes.resize(size);
      file_->synced = std::min(file_->synced, file_->bytes.size());
      return IOStatus::OK();
    }

    IOStatus Sync(const IOOptions&, IODebugContext*) override {
      const std::lock_guard lock(state_->mutex);
      return state_->sync(*file_);
    }

    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    bool IsSyncThreadSafe() const override { return true; }

    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
      const std::lock_guard lock(state_->mutex);
      return file_->bytes.size();
    }

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Node> file_;
  };

  class Folder final : public rocksdb::FSDirectory {
   public:
    Folder(std::shared_ptr<State> state, std::shared_ptr<Node> folder)
        : state_(std::move(state)), folder_(std::move(folder)) {}

    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
      const std::lock_guard lock(state_->mutex);
      return state_->sync(*folder_);
    }

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Node> folder_;
  };

  template <class Opened, class Handle>
  IOStatus open(const std::string& path, std::unique_ptr<Handle>* result) {
    const std::lock_guard lock(state_->mutex);
    auto node = state_->tree.find(path);
    if (!node) return missing(path);
    *result = std::make_unique<Opened>(state_, std::move(node));
    return IOStatus::OK();
  }

  IOStatus make_folder(const std::string& path) {
    const auto folder = std::make_shared<Node>();
    folder->folder = true;
    return state_->tree.put(path, folder) ? IOStatus::OK() : missing(path);
  }

  std::shared_ptr<State> state_;
};

namespace {

// RocksDB waits a second after every flush that failed.
class Sleepless final : public rocksdb::SystemClockWrapper {
 public:
  Sleepless() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "Sleepless"; }
  void SleepForMicroseconds(int) override {}
};

class DiskEnv final : public rocksdb::EnvWrapper {
 public:
  explicit DiskEnv(std::unique_ptr<rocksdb::Env> files) : EnvWrapper(std::move(files)) {
    system_clock_ = std::make_shared<Sleepless>();
  }
  const char* Name() const override { return "UnsyncedDisk"; }
};

}  // namespace

UnsyncedDisk::UnsyncedDisk(Syncs syncs)
    : state_(std::make_shared<State>(syncs)),
      env_(std::make_unique<DiskEnv>(rocksdb::NewCompositeEnv(std::make_shared<Files>(state_)))) {}

UnsyncedDisk::~UnsyncedDisk() = default;

rocksdb::Env* UnsyncedDisk::env() { return env_.get(); }

std::uint64_t UnsyncedDisk::changes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->changes;
}

void UnsyncedDisk::cut_before(std::uint64_t change) {
  const std::lock_guard lock(state_->mutex);
  state_->cut_before = change;
}

void UnsyncedDisk::set_space(std::uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->space = bytes;
}

std::uint64_t UnsyncedDisk::used() const {
  const std::lock_guard lock(state_->mutex);
  return state_->tree.bytes();
}

void UnsyncedDisk::crash(std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  state_->tree.crash(seed);
  state_->locked.clear();
  state_->cut_before = never;
}

}  // namespace tidemill::sim

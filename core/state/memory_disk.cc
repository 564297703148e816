#include "core/state/memory_disk.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <tuple>
#include <utility>

namespace tidemill {
namespace {

using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// There is nothing to sync, and so it may happen beside an append. Files of RocksDB's own memory
// deny that, and a store that syncs later than it writes could not be on them.
class MemoryFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

  IOStatus Sync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  bool IsSyncThreadSafe() const override { return true; }
};

class MemoryFiles final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "tidemill.memory"; }

  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file,
                           IODebugContext* context) override {
    return wrapped(FileSystemWrapper::NewWritableFile(name, options, file, context), *file);
  }
  IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                              std::unique_ptr<FSWritableFile>* file,
                              IODebugContext* context) override {
    return wrapped(FileSystemWrapper::ReopenWritableFile(name, options, file, context), *file);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& before,
                             const rocksdb::FileOptions& options,
                             std::unique_ptr<FSWritableFile>* file,
                             IODebugContext* context) override {
    return wrapped(FileSystemWrapper::ReuseWritableFile(name, before, options, file, context),
                   *file);
  }

 private:
  static IOStatus wrapped(IOStatus status, std::unique_ptr<FSWritableFile>& file) {
    if (status.ok()) file = std::make_unique<MemoryFile>(std::move(file));
    return status;
  }
};

}  // namespace

std::shared_ptr<rocksdb::Env> memory_disk() {
  const std::unique_ptr<rocksdb::Env> memory(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  std::shared_ptr<rocksdb::Env> disk =
      rocksdb::NewCompositeEnv(std::make_shared<MemoryFiles>(memory->GetFileSystem()));
  // Every disk has a root, but for this one. Memory is not refused.
  std::ignore = disk->CreateDirIfMissing("/").ok();
  return disk;
}

}  // namespace tidemill

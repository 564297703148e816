#include "core/state/memory_disk.h"

#include <rocksdb/env.h>

#include <tuple>

namespace tidemill {

std::shared_ptr<rocksdb::Env> memory_disk() {
  std::shared_ptr<rocksdb::Env> disk(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  // Every disk has a root, but for this one. Memory is not refused.
  std::ignore = disk->CreateDirIfMissing("/").ok();
  return disk;
}

}  // namespace tidemill

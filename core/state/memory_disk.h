// A disk that is memory: what a store keeps there goes away with it. For rehearsals, which need a
// real store and nothing of it afterwards.
#pragma once

#include <memory>

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace tidemill {

/// Outlives the stores on it (RocksStore::Options::env). Thread-safe.
std::shared_ptr<rocksdb::Env> memory_disk();

}  // namespace tidemill

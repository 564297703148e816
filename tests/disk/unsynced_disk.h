// UnsyncedDisk: a disk for RocksDB that loses, at a power cut, what was not synced.
//
// In memory, so that a test opens and crashes a store a thousand times. A store is opened on it
// with RocksStore::Options::env. A test lets the store work, cuts the power at any change of the
// disk or simply stops, destroys the store, and calls crash(); what is opened then is what a real
// machine could have found. See DiskTree for the rules.
//
// Thread safety: env() is for RocksDB's threads too; the rest is for the test's thread, crash()
// only while nothing is open.
#pragma once

#include <cstdint>
#include <memory>

namespace rocksdb {
class Env;
}

namespace tidemill::sim {

/// `ignored` is a disk that lies, to prove that a test would notice.
enum class Syncs { honest, ignored };

class UnsyncedDisk {
 public:
  explicit UnsyncedDisk(Syncs syncs = Syncs::honest);
  ~UnsyncedDisk();
  UnsyncedDisk(const UnsyncedDisk&) = delete;
  UnsyncedDisk& operator=(const UnsyncedDisk&) = delete;

  rocksdb::Env* env();

  /// Changes so far: bytes appended, names made, moved and removed, syncs.
  std::uint64_t changes() const;

  /// The power goes in front of that change, counted from the first: it and all later ones fail.
  void cut_before(std::uint64_t change);

  /// Bytes that fit on the disk: what does not is cut off and fails as on a full disk.
  void set_space(std::uint64_t bytes);

  std::uint64_t used() const;

  /// Forgets what was not synced, by chance not all of it, and turns the power on again. What
  /// survives is decided by the seed.
  void crash(std::uint64_t seed);

 private:
  struct State;
  class Files;

  std::shared_ptr<State> state_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace tidemill::sim

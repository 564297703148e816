// BucketSink: put_object and delete_object effects as files of a folder.
//
// An object appears whole or not at all: it is written and synced in a hidden staging folder below
// the root, renamed to its place, and the folder of that place is synced. All of it on the pool;
// several writes may run side by side.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "bucket.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::bucket {

class BucketSink final : public Sink {
 public:
  BucketSink(Location location, Services services);

  static constexpr Idempotence idempotence = Idempotence::by_key;

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  Result<> open_root();
  std::vector<Result<>> write_files(SinkBatch batch);

  Location location_;
  Services services_;
  std::uint64_t run_ = 0;  ///< Random: our staged names and another process's differ.
  std::atomic<std::uint64_t> staged_ = 0;
  std::atomic<bool> said_no_metadata_ = false;
};

}  // namespace tidemill::bucket

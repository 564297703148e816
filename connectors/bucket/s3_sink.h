// S3Sink: put_object and delete_object effects as objects of an S3 bucket.
//
// An object appears whole or not at all: S3 has nothing of a request until it has all of it. Those
// of a write go side by side, of one key one after the other. All of it on the pool.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "s3_bucket.h"
#include "tidemill/async.h"
#include "tidemill/registry.h"
#include "tidemill/sink.h"

namespace tidemill::bucket {

class S3Sink final : public Sink {
 public:
  /// Keys are below `prefix`, which is empty or ends with '/'.
  S3Sink(std::unique_ptr<S3Bucket> bucket, std::string prefix, Services services);

  static constexpr Idempotence idempotence = Idempotence::by_key;

  SinkTraits traits() const override;
  std::string place() const override;
  Task<Result<std::string>> reach() override;
  Task<Result<>> open() override;
  Task<std::vector<Result<>>> write(SinkBatch batch) override;
  Task<> close() override;

 private:
  std::vector<Result<>> write_objects(SinkBatch batch);

  const std::unique_ptr<S3Bucket> bucket_;
  const std::string prefix_;
  Services services_;
};

}  // namespace tidemill::bucket

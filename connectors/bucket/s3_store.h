// S3Store: an ObjectStore in an S3 bucket.
//
// An object goes in parts while it is made, so that only a few of them are in memory; one that
// turns out to be small goes in one request. What is not finished is aborted.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "object_store.h"
#include "s3_bucket.h"

namespace tidemill::bucket {

class S3Store final : public ObjectStore {
 public:
  /// Keys are below `prefix`, which is empty or ends with '/'.
  S3Store(std::unique_ptr<S3Bucket> bucket, std::string prefix)
      : bucket_(std::move(bucket)), prefix_(std::move(prefix)) {}

  std::string place() const override { return bucket_->place() + prefix_; }
  Result<std::string> reach() override { return bucket_->reach(); }
  Result<> open() override { return bucket_->probe(); }
  Result<std::unique_ptr<ObjectWriter>> create(std::string_view key,
                                               std::string_view content_type) override;

 private:
  const std::unique_ptr<S3Bucket> bucket_;
  const std::string prefix_;
};

}  // namespace tidemill::bucket

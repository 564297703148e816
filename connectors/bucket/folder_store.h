// FolderStore: an ObjectStore in a folder.
//
// As with BucketSink an object is written and synced in the hidden staging folder, then renamed to
// its place, whose folder is synced.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "object_store.h"
#include "tidemill/posix.h"

namespace tidemill::bucket {

class FolderStore final : public ObjectStore {
 public:
  /// Keys are below `prefix`, if that is not empty.
  FolderStore(std::string root, std::string prefix, Services services);

  std::string place() const override;
  Result<std::string> reach() override { return std::string(); }
  Result<> open() override;
  Result<std::unique_ptr<ObjectWriter>> create(std::string_view key,
                                               std::string_view content_type) override;

 private:
  const std::string root_;
  const std::string prefix_;
  Services services_;
  std::uint64_t run_ = 0;  // Random: our staged names and another process's differ.
  std::uint64_t staged_ = 0;
};

class FolderWriter final : public ObjectWriter {
 public:
  /// Begins the object `key` as the file `name` of the staging folder. Errors: as create().
  static Result<std::unique_ptr<FolderWriter>> begin(const std::string& root, std::string key,
                                                     std::string name,
                                                     std::string_view content_type);
  ~FolderWriter() override;

  Result<> write(std::string_view bytes) override;
  Result<> finish() override;

 private:
  FolderWriter(std::string root, std::string key, std::string name)
      : root_(std::move(root)), key_(std::move(key)), name_(std::move(name)) {}

  const std::string root_;
  const std::string key_;
  const std::string name_;
  Descriptor staging_;
  Descriptor file_;
  std::uint64_t written_ = 0;
  std::uint64_t on_the_way_ = 0;  // Of these, what was told to go to the disk.
  bool staged_ = false;           // There is a file in the staging folder.
};

}  // namespace tidemill::bucket

#include "folder_store.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

#include "object_file.h"
#include "object_key.h"
#include "object_metadata.h"
#include "object_write.h"
#include "staged_write.h"

namespace tidemill::bucket {
namespace {

// So much at a time begins its way to the disk, so that the sync at the end has little to wait for.
constexpr std::uint64_t flush_bytes = 8u << 20;

}  // namespace

FolderStore::FolderStore(std::string root, std::string prefix, Services services)
    : root_(std::move(root)), prefix_(std::move(prefix)), services_(std::move(services)) {}

std::string FolderStore::place() const {
  return "folder:" + root_ + '/' + (prefix_.empty() ? "" : prefix_ + '/');
}

Result<> FolderStore::open() {
  run_ = services_.scheduler.random();
  std::error_code error;
  std::filesystem::create_directories(root_, error);
  if (error)
    return fail_errno(Fault::bad_config, "cannot write to the folder " + root_, error.value());
  return remove_abandoned(root_);
}

Result<std::unique_ptr<ObjectWriter>> FolderStore::create(std::string_view key,
                                                          std::string_view content_type) {
  std::string full = join(prefix_, key);
  if (auto sound = check_key(full); !sound) return std::unexpected(sound.error());
  std::string name = version_text(run_) + "-object-" + std::to_string(++staged_);
  return FolderWriter::begin(root_, std::move(full), std::move(name), content_type);
}

Result<std::unique_ptr<FolderWriter>> FolderWriter::begin(const std::string& root, std::string key,
                                                          std::string name,
                                                          std::string_view content_type) {
  std::unique_ptr<FolderWriter> writer(new FolderWriter(root, std::move(key), std::move(name)));
  auto staging = open_folder(root, staging_folder, Missing::create);
  if (!staging)
    return fail_errno(Fault::transient, "cannot write to the folder " + root, staging.error());
  writer->staging_ = std::move(*staging);
  writer->file_ = Descriptor(::openat(writer->staging_.get(), writer->name_.c_str(),
                                      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!writer->file_) return fail_key("write", writer->key_, errno);
  writer->staged_ = true;
  // remove_abandoned() in another process leaves locked files alone.
  if (::flock(writer->file_.get(), LOCK_EX | LOCK_NB) != 0)
    return fail_key("write", writer->key_, errno);
  if (auto kept = write_metadata(writer->file_.get(), content_type, {}); !kept)
    return std::unexpected(kept.error());
  return writer;
}

FolderWriter::~FolderWriter() {
  if (staged_) std::ignore = ::unlinkat(staging_.get(), name_.c_str(), 0);
}

Result<> FolderWriter::write(std::string_view bytes) {
  if (const int error = write_all(file_.get(), bytes); error != 0)
    return fail_key("write", key_, error);
  written_ += bytes.size();
  if (written_ - on_the_way_ < flush_bytes) return {};
  // Only a hint: the fsync at the end is what counts.
  std::ignore =
      ::sync_file_range(file_.get(), static_cast<off_t>(on_the_way_),
                        static_cast<off_t>(written_ - on_the_way_), SYNC_FILE_RANGE_WRITE);
  on_the_way_ = written_;
  return {};
}

Result<> FolderWriter::finish() {
  if (::fsync(file_.get()) != 0) return fail_key("sync", key_, errno);
  const auto [path, name] = split(key_);
  auto folder = open_folder(root_, path, Missing::create);
  if (!folder) return fail_key("write", key_, folder.error());
  const std::string target(name);
  if (::renameat(staging_.get(), name_.c_str(), folder->get(), target.c_str()) != 0)
    return fail_key("write", key_, errno);
  staged_ = false;
  if (::fsync(folder->get()) != 0) return fail_key("sync", key_, errno);
  return {};
}

}  // namespace tidemill::bucket

#include "staged_write.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <set>
#include <utility>

#include "object_file.h"
#include "object_key.h"
#include "object_write.h"

namespace tidemill::bucket {
namespace {

std::unexpected<Error> fail_staging(Fault fault, const std::string& root, int error) {
  return fail_errno(fault, "cannot write to the folder " + root, error);
}

}  // namespace

std::vector<Result<>> StagedWrite::run(std::span<const Effect> effects) {
  auto staging = open_folder(root_, staging_folder, Missing::create);
  if (!staging) return {effects.size(), fail_staging(Fault::transient, root_, staging.error())};
  staging_ = std::move(*staging);
  std::vector<Item> items(effects.size());
  for (std::size_t i = 0; i < effects.size(); ++i) stage(effects[i], items[i], i);
  for (std::size_t i = 0; i < effects.size(); ++i)
    if (items[i].file && ::fsync(items[i].file.get()) != 0)
      items[i].result = fail_key("sync", effects[i].key, errno);
  // After a failed write, a later one of the same key must not win: the repeat of the first would
  // come after it.
  std::set<std::string_view> failed;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    if (items[i].result && failed.contains(effects[i].key))
      items[i].result = fail(Fault::transient, "an earlier write of the object " +
                                                   std::string(effects[i].key) + " failed");
    commit(effects[i], items[i]);
    if (!items[i].result) failed.insert(effects[i].key);
  }
  for (auto& [path, folder] : folders_)
    if (::fsync(folder.open.get()) != 0)
      folder.synced = fail_errno(Fault::transient, "cannot sync the folder " + path);
  std::vector<Result<>> results;
  for (Item& item : items) {
    const auto folder = folders_.find(item.folder_path);
    if (item.result && folder != folders_.end()) item.result = folder->second.synced;
    results.push_back(std::move(item.result));
  }
  return results;
}

void StagedWrite::stage(const Effect& effect, Item& item, std::size_t number) {
  item.result = check_key(effect.key);
  if (item.result) item.result = find_folder(effect, item);
  if (!item.result || effect.kind == EffectKind::delete_object) return;
  item.name = name_prefix_ + std::to_string(number);
  item.result = write_staged(effect, item);
}

Result<> StagedWrite::find_folder(const Effect& effect, Item& item) {
  const auto path = split(effect.key).folder;
  auto found = folders_.find(path);
  if (found == folders_.end()) {
    const bool removing = effect.kind == EffectKind::delete_object;
    auto opened = open_folder(root_, path, removing ? Missing::fail : Missing::create);
    if (!opened && removing && (opened.error() == ENOENT || opened.error() == ENOTDIR)) return {};
    if (!opened) return fail_key("reach", effect.key, opened.error());
    found = folders_.emplace(path, Folder{std::move(*opened), {}}).first;
  }
  item.folder = found->second.open.get();
  item.folder_path = found->first;
  return {};
}

Result<> StagedWrite::write_staged(const Effect& effect, Item& item) {
  item.file = Descriptor(::openat(staging_.get(), item.name.c_str(),
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!item.file) return fail_errno(Fault::transient, "cannot stage an object");
  const int fd = item.file.get();
  // remove_abandoned() in another process leaves locked files alone.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0)
    return fail_errno(Fault::transient, "cannot lock a staged object");
  if (const int error = write_all(fd, effect.data); error != 0)
    return fail_key("write", effect.key, error);
  const auto kept = write_metadata(fd, effect.content_type, effect.metadata);
  if (!kept) return std::unexpected(kept.error());
  if (*kept == Kept::no) kept_metadata_ = false;
  // Only a hint: the fsync that follows is what counts.
  std::ignore = ::sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  return {};
}

void StagedWrite::commit(const Effect& effect, Item& item) {
  if (!item.result) return discard(item);
  if (item.folder < 0) return;  // A removal below a folder that does not exist.
  const std::string target(split(effect.key).name);
  if (effect.kind == EffectKind::delete_object) {
    // A folder of that name is no object.
    if (::unlinkat(item.folder, target.c_str(), 0) != 0 && errno != ENOENT && errno != EISDIR)
      item.result = fail_key("remove", effect.key, errno);
    return;
  }
  if (::renameat(staging_.get(), item.name.c_str(), item.folder, target.c_str()) == 0) return;
  item.result = fail_key("write", effect.key, errno);
  discard(item);
}

void StagedWrite::discard(Item& item) {
  if (!item.name.empty()) std::ignore = ::unlinkat(staging_.get(), item.name.c_str(), 0);
}

Result<> remove_abandoned(const std::string& root) {
  auto staging = open_folder(root, staging_folder, Missing::create);
  if (!staging) {
    const int error = staging.error();
    const bool for_a_person = error == EACCES || error == EROFS || error == ENOTDIR;
    return fail_staging(for_a_person ? Fault::bad_config : Fault::transient, root, error);
  }
  DIR* folder = ::fdopendir(staging->get());
  if (folder == nullptr) return fail_staging(Fault::transient, root, errno);
  const int fd = staging->release();
  while (const dirent* entry = ::readdir(folder)) {
    if (is_hidden(entry->d_name)) continue;  // "." and ".."
    const Descriptor file(
        ::openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0)
      std::ignore = ::unlinkat(fd, entry->d_name, 0);
  }
  ::closedir(folder);
  return {};
}

}  // namespace tidemill::bucket

#include "listing.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "object_file.h"

namespace tidemill::bucket {

std::optional<FoundFile> Listing::next() {
  while (!done()) {
    if (!open_) {
      open_folder_next();
    } else if (names_.empty()) {
      read_names();
    } else {
      const std::string name = std::exchange(names_.back(), {});
      names_.pop_back();
      if (auto found = look_at(name)) return found;
    }
  }
  return std::nullopt;
}

void Listing::open_folder_next() {
  folder_ = std::move(folders_.back());
  folders_.pop_back();
  enter_(folder_);
  auto opened = open_folder(root_, folder_);
  if (opened) open_.reset(::fdopendir(opened->get()));
  if (open_) {
    opened->release();
    return;
  }
  const int error = opened ? errno : opened.error();
  if (error != ENOENT && error != ENOTDIR)  // Else it went away meanwhile: nothing to list.
    log_.write(
        LogLevel::warning,
        fail_errno(Fault::transient, "cannot list the folder " + folder_, error).error().message);
}

void Listing::read_names() {
  constexpr std::size_t names_max = 1024;
  while (names_.size() < names_max) {
    const dirent* entry = ::readdir(open_.get());
    if (entry == nullptr) {
      if (names_.empty()) open_.reset();
      break;
    }
    if (!is_hidden(entry->d_name)) names_.emplace_back(entry->d_name);
  }
  std::ranges::sort(names_, std::greater<>());
}

std::optional<FoundFile> Listing::look_at(const std::string& name) {
  FoundFile found{join(folder_, name), {}};
  if (::fstatat(::dirfd(open_.get()), name.c_str(), &found.status, AT_SYMLINK_NOFOLLOW) != 0)
    return std::nullopt;  // Went away since its name was read.
  if (S_ISDIR(found.status.st_mode)) {
    if (filter_.may_match_below(found.key)) folders_.push_back(std::move(found.key));
    return std::nullopt;
  }
  if (!S_ISREG(found.status.st_mode) || !filter_.matches(found.key)) return std::nullopt;
  return found;
}

}  // namespace tidemill::bucket

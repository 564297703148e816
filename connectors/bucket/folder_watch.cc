#include "folder_watch.h"

#include <sys/inotify.h>

#include <array>
#include <cstring>
#include <utility>

#include "object_key.h"

namespace tidemill::bucket {
namespace {

constexpr std::uint32_t interest = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                   IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
                                   IN_DONT_FOLLOW | IN_EXCL_UNLINK;

bool is_at_or_below(std::string_view path, std::string_view folder) {
  return path == folder || folder.empty() ||
         (path.starts_with(folder) && path[folder.size()] == '/');
}

}  // namespace

std::expected<FolderWatch, int> FolderWatch::open(std::string root) {
  Descriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return std::unexpected(errno);
  return FolderWatch(std::move(inotify), std::move(root));
}

int FolderWatch::add(const std::string& path) {
  const std::string whole = root_ + '/' + path;
  const int watch = ::inotify_add_watch(inotify_.get(), whole.c_str(), interest);
  if (watch < 0) return errno;
  folders_[watch] = path;
  return 0;
}

void FolderWatch::remove(std::string_view path) {
  for (auto it = folders_.begin(); it != folders_.end();) {
    if (is_at_or_below(it->second, path)) {
      std::ignore = ::inotify_rm_watch(inotify_.get(), it->first);  // Gone already is fine.
      it = folders_.erase(it);
    } else {
      ++it;
    }
  }
}

int FolderWatch::read(std::vector<Change>& changes) {
  alignas(inotify_event) std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : errno;
  for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
    inotify_event event;
    std::memcpy(&event, buffer.data() + at, sizeof event);
    // The kernel pads names with zero bytes.
    const char* name = buffer.data() + at + sizeof event;
    append(changes, event.wd, event.mask,
           event.len == 0 ? std::string_view() : std::string_view(name));
    at += sizeof event + event.len;
  }
  return 0;
}

void FolderWatch::append(std::vector<Change>& changes, int watch, std::uint32_t mask,
                         std::string_view name) {
  using enum Change::Kind;
  if ((mask & IN_Q_OVERFLOW) != 0) {
    changes.push_back({overflow, {}});
    return;
  }
  const auto folder = folders_.find(watch);
  if (folder == folders_.end()) return;  // Told before we forgot it.
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0 && folder->second.empty())
    changes.push_back({root_gone, {}});
  if ((mask & IN_IGNORED) != 0) folders_.erase(folder);
  if (name.empty() || is_hidden(name)) return;
  std::string path = join(folder->second, name);
  const bool is_folder = (mask & IN_ISDIR) != 0;
  if ((mask & (IN_MOVED_FROM | IN_DELETE)) != 0)
    changes.push_back({is_folder ? folder_gone : gone, std::move(path)});
  else if (is_folder && (mask & (IN_MOVED_TO | IN_CREATE)) != 0)
    changes.push_back({folder_new, std::move(path)});
  else if ((mask & (IN_MOVED_TO | IN_CLOSE_WRITE)) != 0)
    changes.push_back({written, std::move(path)});
  else if ((mask & IN_CREATE) != 0)
    changes.push_back({linked, std::move(path)});
}

}  // namespace tidemill::bucket

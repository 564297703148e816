#include "folder_news.h"

#include <sys/inotify.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace tidemill::file {
namespace {

// Written to, or a name that there was not.
constexpr std::uint32_t interest =
    IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_EXCL_UNLINK;

}  // namespace

FolderNews::FolderNews() : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void FolderNews::watch(const std::string& folder) {
  if (!inotify_ || !folders_.insert(folder).second) return;
  // One that cannot be watched is looked at.
  std::ignore = ::inotify_add_watch(inotify_.get(), folder.c_str(), interest);
}

bool FolderNews::take(const std::function<bool(std::string_view name)>& matters) {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  bool found = false;
  for (;;) {
    const ssize_t got = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (got <= 0) return found;
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof event);
      // The kernel pads names with zero bytes.
      const char* name = buffer.data() + at + sizeof event;
      at += sizeof event + event.len;
      found = found || (event.mask & IN_Q_OVERFLOW) != 0 || (event.len > 0 && matters(name));
    }
  }
}

}  // namespace tidemill::file

// FolderWatch: what the kernel tells about a tree of folders (inotify).
//
// Knows folders by their path below the root. Adding one twice is harmless. Only files that are
// complete are told: closed after writing, renamed or linked in. Used from one thread at a time,
// but descriptor() may be waited on from another.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tidemill/posix.h"

namespace tidemill::bucket {

struct Change {
  enum class Kind {
    written,      ///< The file at `path` is complete, or newly so.
    linked,       ///< A file appeared at `path`: complete if it has a second name.
    gone,         ///< No file at `path` any more.
    folder_new,   ///< A folder at `path`: to be added and listed.
    folder_gone,  ///< No folder at `path` any more.
    overflow,     ///< The kernel dropped changes: list everything again.
    root_gone,    ///< The watched root itself was removed or renamed.
  };
  Kind kind;
  std::string path;
};

class FolderWatch {
 public:
  /// Watches nothing yet. The errno of inotify_init1 when there is none to be had.
  static std::expected<FolderWatch, int> open(std::string root);

  /// Watches the folder at `path` ("" is the root), not what is below it. 0, or an errno: ENOSPC
  /// when the user's watches are used up, ENOENT when the folder is gone.
  int add(const std::string& path);

  /// Forgets the folder at `path` and all below it.
  void remove(std::string_view path);

  /// Appends what happened since the last call, without waiting: at most one buffer of 64 KiB.
  /// 0, or an errno.
  int read(std::vector<Change>& changes);

  int descriptor() const { return inotify_.get(); }

 private:
  FolderWatch(Descriptor inotify, std::string root)
      : inotify_(std::move(inotify)), root_(std::move(root)) {}

  void append(std::vector<Change>& changes, int watch, std::uint32_t mask, std::string_view name);

  Descriptor inotify_;
  std::string root_;
  std::unordered_map<int, std::string> folders_;  ///< By watch descriptor.
};

}  // namespace tidemill::bucket

// Listing: the files below a folder, one at a time, in bounded memory.
//
// Holds the names of folders still to be read, and up to 1024 names of the folder being read: a
// folder of a million files costs no more than one of a thousand. Order: folder by folder; byte
// order within a folder of up to 1024 names. Blocking; used from one thread at a time.
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object_key.h"
#include "tidemill/log.h"
#include "tidemill/posix.h"

namespace tidemill::bucket {

struct FoundFile {
  std::string key;
  struct stat status{};
};

class Listing {
 public:
  /// Called with each folder before it is read, so that a watch added there misses nothing.
  using EnterFolder = std::function<void(const std::string& folder)>;

  /// `root` and `filter` must outlive it.
  Listing(const std::string& root, const KeyFilter& filter, Log& log, EnterFolder enter)
      : root_(root), filter_(filter), log_(log), enter_(std::move(enter)) {}

  /// Lists `folder` and what is below it, too. "" is the root.
  void add(std::string folder) { folders_.push_back(std::move(folder)); }

  /// The next file that passes the filter; nothing when all folders are read. Hidden names,
  /// symlinks and whatever else is no file do not exist for it.
  std::optional<FoundFile> next();

  bool done() const { return !open_ && folders_.empty() && names_.empty(); }

 private:
  struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };

  void open_folder_next();
  void read_names();
  std::optional<FoundFile> look_at(const std::string& name);

  const std::string& root_;
  const KeyFilter& filter_;
  Log& log_;
  EnterFolder enter_;
  std::vector<std::string> folders_;  ///< Still to be read; the last one first.
  std::vector<std::string> names_;    ///< Of `folder_`, in reverse order.
  std::string folder_;
  std::unique_ptr<DIR, CloseFolder> open_;  ///< Invariant: set while `folder_` is being read.
};

}  // namespace tidemill::bucket

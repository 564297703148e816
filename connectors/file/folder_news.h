// FolderNews: tells that something happened to a file in one of some folders (inotify).
//
// Where the kernel has nothing to tell with, or of (a file system on another machine), there is no
// news; whoever waits for some also looks from time to time. Used from one thread at a time, but
// descriptor() may be waited on from another.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "tidemill/posix.h"

namespace tidemill::file {

class FolderNews {
 public:
  FolderNews();

  /// Files in this folder matter. Adding one twice is harmless.
  void watch(const std::string& folder);

  /// Takes all news so far, without waiting. True if a file is among them whose name in its folder
  /// `matters`.
  bool take(const std::function<bool(std::string_view name)>& matters);

  /// -1: there is no news to be had.
  int descriptor() const { return inotify_.get(); }

 private:
  Descriptor inotify_;
  std::unordered_set<std::string> folders_;
};

}  // namespace tidemill::file

// FilePattern: a path that may have *, ? and [] in its parts, as a shell writes them.
//
// A value; any thread. matches() and matches_below() only look at names, expand() at the disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::file {

class FilePattern {
 public:
  static constexpr std::size_t files_max = 4096;

  static bool is_pattern(std::string_view path);

  /// `path` is absolute.
  explicit FilePattern(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }

  bool matches(const std::string& path) const;

  /// May a file somewhere below this folder match?
  bool matches_below(std::string_view folder) const;

  /// The regular files that match now, in the order of their names.
  ///
  /// Errors: bad_config (more than files_max), transient.
  Result<std::vector<std::string>> expand() const;

  /// The folder above the first part that is a pattern.
  std::string fixed_folder() const;

 private:
  std::string path_;
};

}  // namespace tidemill::file

#include "file_pattern.h"

#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>

#include <memory>
#include <utility>

namespace tidemill::file {
namespace {

// As a shell does: a wildcard matches no slash, and no leading dot.
constexpr int match_flags = FNM_PATHNAME | FNM_PERIOD;

bool is_regular(const char* path) {
  struct stat status{};
  return ::stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

// Cuts the first part of an absolute path off, without its slash.
std::string cut_part(std::string_view& path) {
  path.remove_prefix(1);
  std::string part(path.substr(0, path.find('/')));
  path.remove_prefix(part.size());
  return part;
}

}  // namespace

bool FilePattern::is_pattern(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

bool FilePattern::matches(const std::string& path) const {
  return ::fnmatch(path_.c_str(), path.c_str(), match_flags) == 0;
}

bool FilePattern::matches_below(std::string_view folder) const {
  std::string_view pattern = path_;
  while (folder.ends_with('/')) folder.remove_suffix(1);
  while (!folder.empty() && !pattern.empty()) {
    const std::string wanted = cut_part(pattern);
    const std::string part = cut_part(folder);
    if (::fnmatch(wanted.c_str(), part.c_str(), match_flags) != 0) return false;
  }
  return !pattern.empty();
}

Result<std::vector<std::string>> FilePattern::expand() const {
  glob_t found{};
  const int answer = ::glob(path_.c_str(), 0, nullptr, &found);
  const std::unique_ptr<glob_t, void (*)(glob_t*)> owner(&found, &::globfree);
  std::vector<std::string> files;
  if (answer == GLOB_NOMATCH) return files;
  if (answer != 0) return fail(Fault::transient, "cannot list the files " + path_);
  for (std::size_t i = 0; i < found.gl_pathc; ++i)
    if (is_regular(found.gl_pathv[i])) files.emplace_back(found.gl_pathv[i]);
  if (files.size() > files_max)
    return fail(Fault::bad_config, "more than " + std::to_string(files_max) + " files match " +
                                       path_ + "; split the pattern between pipelines");
  return files;
}

std::string FilePattern::fixed_folder() const {
  const std::string_view fixed = std::string_view(path_).substr(0, path_.find_first_of("*?["));
  const std::size_t slash = fixed.rfind('/');
  return slash == 0 ? "/" : std::string(fixed.substr(0, slash));
}

}  // namespace tidemill::file

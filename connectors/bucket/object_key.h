// Object keys: which ones exist, which ones a pipeline wants.
//
// A key is the path of a file below the bucket's folder. A name that begins with '.' is hidden: no
// source sees it and no sink writes it, so that temp files (ours, rsync's, an editor's) are never
// taken for objects. Pure functions and values; no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::bucket {

/// The folder a sink prepares its files in, below the root: hidden, and on the same file system.
inline constexpr std::string_view staging_folder = ".tidemill-staging";

inline bool is_hidden(std::string_view name) { return name.starts_with('.'); }

/// "a/b/c" -> {"a/b", "c"}; "c" -> {"", "c"}.
struct KeyParts {
  std::string_view folder;
  std::string_view name;
};
KeyParts split(std::string_view key);

/// `folder` + '/' + `name`; the root folder is the empty text.
std::string join(std::string_view folder, std::string_view name);

/// May a sink write this key? The reason when not.
///
/// Errors: bad_event.
Result<> check_key(std::string_view key);

/// What `prefix` and `suffix` of a source let through. Empty lists let everything through.
class KeyFilter {
 public:
  KeyFilter() = default;
  KeyFilter(std::vector<std::string> prefixes, std::vector<std::string> suffixes)
      : prefixes_(std::move(prefixes)), suffixes_(std::move(suffixes)) {}

  bool matches(std::string_view key) const;

  /// Could a key below `folder` match? Suffixes cannot tell. The root folder is the empty text.
  bool may_match_below(std::string_view folder) const;

 private:
  std::vector<std::string> prefixes_;
  std::vector<std::string> suffixes_;
};

}  // namespace tidemill::bucket

// Where a thumbnail is stored, and which keys are thumbnails already.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imaging/format.h"

namespace tidemill::thumbnail {

struct KeyRules {
  std::string prefix;             ///< Put before the whole key.
  std::string suffix;             ///< Put before the extension.
  std::vector<std::string> skip;  ///< "name/": a folder anywhere; else the end of a file's stem.
  std::optional<imaging::Format> format;  ///< Of the output; nothing when it is the input's.
};

/// The key of the thumbnail of `key`. It depends on the key alone, never on the picture, so that
/// the thumbnail of a removed object can be found again. Where the format is fixed and the key's
/// extension says another one, the right one is appended rather than put in its place: a.png
/// and a.jpg must not become one thumbnail.
std::string thumbnail_key(std::string_view key, const KeyRules& rules);

/// True when `key` is itself the key of a thumbnail.
bool is_thumbnail(std::string_view key, const KeyRules& rules);

}  // namespace tidemill::thumbnail

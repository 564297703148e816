// The scaffold of `tidemill new function`: a folder with a native function that builds, runs in a
// pipeline of its own, and is short enough to be read before it is changed.
#pragma once

#include <filesystem>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::app {

/// Writes the folder `directory`/`name`; `directory` is made where it is missing. A name is lower
/// case letters, digits and underscores, and begins with a letter.
///
/// Errors: bad_config for a bad name or a folder that is there already; transient when a file
/// cannot be written. Nothing that existed is touched.
Result<> scaffold_function(std::string_view name, const std::filesystem::path& directory);

}  // namespace tidemill::app

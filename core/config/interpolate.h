// ${NAME} and its relatives, replaced after parsing and inside scalars only: a value can never
// become structure.
//
//     ${NAME}            the variable; unset is a problem
//     ${NAME:-default}   the default when it is unset or empty
//     ${NAME:?message}   a problem with this message when it is unset or empty
//     ${file:PATH}       the file's text without its last line end; relative to the config file
//     $${                a literal ${
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/node.h"
#include "core/config/problems.h"

namespace tidemill::config {

/// The value of a variable; nothing when it is unset.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The variables of this process.
Environment process_environment();

/// Files named by ${file:PATH} are secrets and the like; more than this is a mistake.
inline constexpr std::size_t interpolated_file_bytes_max = 64 * 1024;

/// Replaces in every scalar below `root`. Node::written keeps the text as it was.
void interpolate(Node& root, const Environment& environment, Problems& problems);

/// `path` as it is meant in `file`: relative ones start at the file's folder. Normalized, absolute.
std::string beside(const std::string& file, std::string_view path);

}  // namespace tidemill::config

// Event patterns, and other JSON, as they stand in a pipeline file. Internal to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/node.h"
#include "core/config/problems.h"

namespace tidemill::config {

/// `node` as JSON on one line. Scalars without quotes are what YAML's core schema says: null, true,
/// false, a number in JSON's spelling, else text.
std::string to_json(const Node& node);

/// Does it hold a scalar that could not be read? That was told already.
bool any_broken(const Node& node);

/// The pattern in `node` as JSON; tells everything that is wrong with it, where it stands. `word`
/// is the key that it belongs to.
std::optional<std::string> read_pattern(const Node& node, std::string_view word,
                                        Problems& problems);

}  // namespace tidemill::config

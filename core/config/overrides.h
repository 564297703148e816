// --set PATH=VALUE: values from the command line, put into the files' trees before they are read,
// so that they are checked like everything else.
//
//     pipelines.thumbnails.batch.events=4        a key path; a number picks an element of a list
//     functions.thumbnail.config={width: 100}    VALUE is YAML
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/config/node.h"
#include "core/config/problems.h"

namespace tidemill::config {

/// Applies each to the file that has its `pipelines.NAME` (or functions, connections), which must
/// exist; missing keys below it are made. Problems carry the override as their file. Relative paths
/// in a value start at the working directory.
void apply_overrides(std::span<const std::string> overrides, std::vector<Node>& files,
                     Problems& problems);

}  // namespace tidemill::config

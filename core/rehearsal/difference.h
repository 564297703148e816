// Differences between what a case expects and what happened, line by line. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/rehearsal/review.h"

namespace tidemill::rehearsal {

/// Lines that begin with ' ', '-' (expected, and not there) or '+' (there instead), with a few that
/// are equal around those that are not.
std::vector<std::string> difference(const Section& section);

}  // namespace tidemill::rehearsal

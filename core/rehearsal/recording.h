// Recording: writes what happened into a case file, and changes nothing else of it - comments,
// order and layout stay. Pure.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/problems.h"

namespace tidemill::rehearsal {

/// What a part of an expectation becomes.
struct Correction {
  std::vector<std::string> path;  ///< Keys below `expect`.
  boost::json::value value;
};

/// `text` with the corrections of its case number `index`. Nothing, and a problem that says why,
/// where that cannot be done without touching more: the case is written in flow style, or shares
/// its expectation with another through an alias.
std::optional<std::string> recorded(std::string_view text, const std::string& file,
                                    std::size_t index, const std::vector<Correction>& corrections,
                                    config::Problems& problems);

}  // namespace tidemill::rehearsal

// What libjq says about a program it could not compile, as one sentence with places in the
// program's own text. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::expression {

/// `messages`: libjq's. `text` stood behind `lines_before` lines that are none of its author's
/// business.
std::string compile_errors(const std::vector<std::string>& messages, std::string_view text,
                           std::size_t lines_before);

}  // namespace tidemill::expression

// Did-you-mean: what to offer somebody who wrote a name that does not exist. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tidemill::config {

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// "did you mean 'width'?" when one of `known` is close to `word`, else "`label`: a, b, c".
std::string suggest(std::string_view word, std::span<const std::string> known,
                    std::string_view label);

}  // namespace tidemill::config

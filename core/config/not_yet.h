// Words of the config language that this version does not carry out. They are refused with a
// sentence that says so: to accept one silently would be a promise.
#pragma once

#include <span>
#include <string_view>

namespace tidemill::config {

/// A key that is known, and refused.
struct NotYet {
  std::string_view word;
  std::string_view meaning;  ///< What it would do, and what to do instead.
};

std::span<const NotYet> later_in_sources();
std::span<const NotYet> later_in_destinations();
std::span<const NotYet> later_in_functions();
std::span<const NotYet> later_in_concurrency();
std::span<const NotYet> later_in_dead_letter();

/// Null when the word is not in the list.
const NotYet* find(std::span<const NotYet> words, std::string_view word);

}  // namespace tidemill::config

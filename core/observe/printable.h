// printable(): text from anyone, made safe to show.
#pragma once

#include <string>
#include <string_view>

namespace tidemill {

enum class Place {
  terminal,     ///< One line for a person.
  json_string,  ///< Between the quotes of a JSON string: quotes and backslashes are escaped too.
};

/// `text` with control characters escaped as JSON escapes them, and with every byte that is not
/// part of well-formed UTF-8 replaced by U+FFFD.
std::string printable(std::string_view text, Place place);

}  // namespace tidemill

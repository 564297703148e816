// Letters without their case, for the operators that say equals-ignore-case. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace tidemill::pattern {

/// Replaces `out` with `text` in which every letter of Unicode is its lower case (one character for
/// one: ß stays what it is). Bytes that are not UTF-8 stay as they are.
void fold_case(std::string_view text, std::string& out);

std::string folded(std::string_view text);

}  // namespace tidemill::pattern

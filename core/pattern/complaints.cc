#include "core/pattern/complaints.h"

#include <algorithm>

namespace tidemill::pattern {

void Complaints::add(std::size_t offset, std::string message) {
  const std::string_view before = json_.substr(0, offset);
  const auto lines = std::ranges::count(before, '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is the text's beginning
  problems_.push_back({.line = static_cast<std::size_t>(lines) + 1,
                       .column = before.size() - line_begin + 1,
                       .pointer = pointer_,
                       .message = std::move(message)});
}

Complaints::Below::Below(Complaints& complaints, std::string_view name)
    : complaints_(complaints), length_before_(complaints.pointer_.size()) {
  std::string& pointer = complaints_.pointer_;
  pointer += '/';
  for (const char c : name) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
}

}  // namespace tidemill::pattern

#include "core/pattern/long_numbers.h"

#include <algorithm>
#include <cmath>

#include "core/pattern/number.h"

namespace tidemill::pattern {
namespace {

constexpr std::string_view mark_in_json = "\\u0000number:";

bool is_long(std::string_view number) {
  constexpr std::size_t digits_safe = 18;
  if (number.find_first_of(".eE") == std::string_view::npos) return number.size() > digits_safe;
  const auto parsed = parse_number(number);
  return parsed && (!std::isfinite(parsed->value) || (!parsed->exact && parsed->value == 0));
}

// The length of the string that `text` begins with, quotes included.
std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

}  // namespace

std::optional<std::string> mark_long_numbers(std::string_view json) {
  std::string out;
  bool any = false;
  while (!json.empty()) {
    std::size_t length = 1;
    bool mark = false;
    if (json[0] == '"') {
      length = string_length(json);
    } else if (json[0] == '-' || (json[0] >= '0' && json[0] <= '9')) {
      length = std::max<std::size_t>(number_length(json), 1);
      mark = is_long(json.substr(0, length));
    }
    if (mark) out.append("\"").append(mark_in_json);
    out += json.substr(0, length);
    if (mark) out += '"';
    any = any || mark;
    json.remove_prefix(length);
  }
  if (!any) return std::nullopt;
  return out;
}

}  // namespace tidemill::pattern

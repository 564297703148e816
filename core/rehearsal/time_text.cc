#include "core/rehearsal/time_text.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace tidemill::rehearsal {

std::string time_text(Duration duration) {
  constexpr std::pair<std::int64_t, std::string_view> units[] = {
      {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"},
      {1'000'000, "s"},      {1'000, "ms"},        {1, "us"}};
  std::int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text = left < 0 ? "-" : "";
  if (left < 0) left = -left;
  for (const auto& [size, unit] : units)
    if (const std::int64_t count = left / size; count > 0) {
      text += fmt::format("{}{}", count, unit);
      left %= size;
    }
  return text;
}

}  // namespace tidemill::rehearsal

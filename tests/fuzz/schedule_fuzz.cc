// Any text is a schedule or an error with a column: no crash, no hang. The instants of a schedule
// ascend, and asking from just before one gives that one.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "connectors/schedule/timetable.h"

namespace {

using namespace tidemill::schedule;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto expression = parse_expression(text);
  if (!expression) {
    require(expression.error().message.starts_with("column "));
    return 0;
  }
  // A zone with both a gap and an overlap each year.
  const char* const zone = size % 2 == 0 ? "UTC" : "Europe/Berlin";
  const auto timetable = Timetable::make(std::move(*expression), {.timezone = zone});
  require(timetable.has_value());
  Seconds at{std::chrono::sys_days(std::chrono::year(2025) / 3 / 28)};
  for (int i = 0; i < 20; ++i) {
    const auto next = timetable->next(at);
    if (!next) break;
    require(*next > at);
    require(timetable->next_from(*next) == next);
    at = *next;
  }
  return 0;
}

#include "bench/kafka/records.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "bench/measure/child_process.h"
#include "core/base/json_line.h"

namespace tidemill::bench {
namespace {

constexpr std::array<std::string_view, 3> types{"page", "search", "ping"};
constexpr std::uint64_t began = 1'800'000'000'000'000;  // Microseconds.

}  // namespace

std::string page_of(std::uint64_t n) { return "/p" + std::to_string(n * 7919 % pages); }

std::string value_of(std::uint64_t n, std::size_t bytes) {
  std::string value = R"({"type":")";
  value.append(types[n % types.size()])
      .append(R"(","ts":")")
      .append(rfc3339(began + n * (1'000'000 / per_second)));
  value.append(R"(","page":")").append(page_of(n)).append(R"(","pad":")");
  require(value.size() + 2 <= bytes, "a record does not fit its size");
  value.append(bytes - value.size() - 2, 'x').append(R"("})");
  return value;
}

std::uint64_t of_type(std::uint64_t count, std::string_view type) {
  const auto place = static_cast<std::uint64_t>(std::ranges::find(types, type) - types.begin());
  require(place < types.size(), "there is no such type of clicks");
  return (count + types.size() - 1 - place) / types.size();
}

}  // namespace tidemill::bench

// Any bytes at all from a server are outcomes with a status each, or no answer; and reasons have an
// end.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "search/bulk_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::search;
  constexpr std::size_t longest = 1100;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto answers = parse_bulk_answer(body))
    for (const auto& answer : *answers)
      if (answer.status < 100 || answer.status > 599 || answer.reason.size() > longest)
        std::abort();
  if (parse_refusal(body).size() > longest) std::abort();
  return 0;
}

// Any bytes at all from a function are a list of events of its batch, ascending and each once, or a
// sentence for its author.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "core/invoke/batch_item_failures.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  static const std::vector<ItemId> queue{{"a"}, {"b"}, {"7"}, {"a"}};
  static const std::vector<ItemId> kafka{
      {"", "clicks-0", 1}, {"", "clicks-0", 2}, {"", "clicks-1", 1}};
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const auto* batch : {&queue, &kafka}) {
    const auto failed = batch_item_failures(body, *batch);
    if (!failed) {
      if (failed.error().message.empty()) std::abort();
      continue;
    }
    for (std::size_t i = 0; i < failed->size(); ++i)
      if ((*failed)[i] >= batch->size() || (i > 0 && (*failed)[i] <= (*failed)[i - 1]))
        std::abort();
  }
  return 0;
}

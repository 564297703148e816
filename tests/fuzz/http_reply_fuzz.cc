// Whatever a function returns is an answer that can be sent, or none: its status is one, and no
// header has what would begin another.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/api_gateway_event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view returned(reinterpret_cast<const char*>(data), size);
  const auto reply = tidemill::http::reply_of(returned);
  if (!reply) {
    if (reply.error().message.empty()) std::abort();
    return 0;
  }
  if (reply->status < 200 || reply->status > 599 || reply->headers.empty()) std::abort();
  for (const auto& [name, value] : reply->headers)
    if (name.empty() || name.find_first_of("\r\n: ") != name.npos ||
        value.find_first_of("\r\n") != value.npos)
      std::abort();
  return 0;
}

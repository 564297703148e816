// Whatever comes as a notification of S3 is one, or none: no crash, and what it names can be looked
// at. The same bytes say the same twice.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bucket/s3_notification.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::bucket;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = parse_s3_notifications(text);
  if (!read) {
    if (read.error().message.empty()) std::abort();
    return 0;
  }
  for (const S3Notification& one : *read)
    if (one.bucket.empty() || one.key.empty() || one.key.size() > size) std::abort();
  if (*parse_s3_notifications(text) != *read) std::abort();
  return 0;
}

// Whatever a server answers is a page, or none: no crash; what the page has is as it should be; and
// a listing that is read so never goes on without an end.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bucket/s3_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::bucket;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto page = parse_s3_page(text)) {
    for (const S3Listed& object : page->objects)
      if (object.key.empty()) std::abort();
  }
  const auto refusal = parse_s3_refusal(text);
  if (!refusal.code.empty() && is_s3_upload_complete(text)) std::abort();
  if (parse_s3_upload_id(text).size() > size) std::abort();
  if (const auto bytes = parse_content_range(text); bytes && text.find('/') == text.npos)
    std::abort();
  return 0;
}

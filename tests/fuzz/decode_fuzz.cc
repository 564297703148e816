// Any bytes at all give a thumbnail or a reason: no crash, no leak, no hang.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "imaging/make_thumbnail.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill::imaging;
  // Small limits, so that the time goes into many inputs and not into large pictures.
  int questions_left = 5000;
  const Limits limits{.pixels_max = 250'000,
                      .bytes_max = std::size_t{1} << 20,
                      .workspace_max = std::size_t{16} << 20,
                      .scans_max = 20,
                      .expired = [&questions_left] { return --questions_left < 0; }};
  ThumbnailOptions options;
  options.box = {.width = 33, .height = 21};
  if (size > 0 && data[size - 1] % 2 == 0) options.format = Format::jpeg;
  const auto thumbnail = make_thumbnail(Bytes(data, size), options, limits);
  if (!thumbnail) return 0;
  // What was made can be read again.
  const auto again = open(thumbnail->bytes, limits);
  if (!again || (*again)->header().width > 33 || (*again)->header().height > 21) std::abort();
  return 0;
}

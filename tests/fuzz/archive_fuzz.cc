// Any bytes at all are a stream or a damaged archive: no crash, no hang; and the same however small
// the pieces are in which they are read. Of a damaged one the smaller pieces may show more: what
// stands before the damage is only as much as was decompressed before it was found.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "records/decoder.h"

namespace {

using namespace tidemill;
using records::Compression;
using records::Decoder;

constexpr std::size_t text_max = std::size_t{1} << 20;  // An archive may hold a lot of zeros.

struct Reading {
  std::string text;
  bool damaged = false;
};

Reading read(Compression compression, std::string_view raw, std::size_t piece,
             std::size_t room_bytes) {
  Decoder decoder(compression, [&](std::span<char> room) -> Result<std::size_t> {
    const std::size_t count = raw.copy(room.data(), std::min(room.size(), piece));
    raw.remove_prefix(count);
    return count;
  });
  Reading reading;
  std::string room(room_bytes, '\0');
  for (bool ended = false; reading.text.size() < text_max;) {
    const auto got = decoder.read(room);
    reading.damaged = !got;
    if (!got || (ended && *got == 0)) return reading;
    if (*got == 0 && raw.empty()) {
      ended = true;
      decoder.end();
    }
    reading.text.append(room, 0, *got);
  }
  reading.text.resize(text_max);
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view raw(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Compression compression = data[0] % 4 == 0   ? Compression::gzip
                                  : data[0] % 4 == 1 ? Compression::zstd
                                  : data[0] % 4 == 2 ? Compression::none
                                                     : Compression::automatic;
  const Reading whole = read(compression, raw, size, std::size_t{1} << 16);
  const Reading pieces = read(compression, raw, 1 + data[0] / 8, 1 + data[0] / 4);
  if (whole.damaged != pieces.damaged) std::abort();
  if (!whole.damaged && whole.text != pieces.text) std::abort();
  if (!whole.text.starts_with(pieces.text) && !pieces.text.starts_with(whole.text)) std::abort();
  if (compression == Compression::none && (whole.damaged || whole.text != raw.substr(0, text_max)))
    std::abort();
  return 0;
}

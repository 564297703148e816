// EXIF blocks for tests, written entry by entry.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "imaging/exif.h"

namespace tidemill::imaging::testing {

// Writes a little-endian EXIF block, 32 bits at a time where that is handy.
class ExifBlock {
 public:
  ExifBlock& u16(unsigned value) {
    bytes_.push_back(static_cast<std::uint8_t>(value));
    bytes_.push_back(static_cast<std::uint8_t>(value >> 8));
    return *this;
  }
  ExifBlock& u32(unsigned value) { return u16(value & 0xFFFF).u16(value >> 16); }
  ExifBlock& header() { return u16(0x4949).u16(42).u32(8); }
  ExifBlock& entry(unsigned tag, unsigned type, unsigned count, unsigned value) {
    return u16(tag).u16(type).u32(count).u32(value);
  }
  ExifBlock& text(std::string_view value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  Exif read() const { return read_exif(bytes_); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// A place in the south west: 33 degrees 30 minutes, 70 degrees 36 seconds.
inline ExifBlock exif_with_place() {
  ExifBlock block;
  block.header().u16(1).entry(0x8825, 4, 1, 26).u32(0);
  block.u16(4);
  block.entry(1, 2, 2, 'S').entry(2, 5, 3, 80).entry(3, 2, 2, 'W').entry(4, 5, 3, 104).u32(0);
  block.u32(33).u32(1).u32(30).u32(1).u32(0).u32(1);
  block.u32(70).u32(1).u32(0).u32(1).u32(3600).u32(100);
  return block;
}

/// The JPEG with the block as its first segment.
inline std::vector<std::uint8_t> with_exif(std::vector<std::uint8_t> jpeg, const ExifBlock& block) {
  const std::vector<std::uint8_t>& exif = block.bytes();
  const std::size_t length = exif.size() + 8;  // Its own two bytes and "Exif\0\0" included.
  std::vector<std::uint8_t> segment{0xFF,
                                    0xE1,
                                    static_cast<std::uint8_t>(length >> 8),
                                    static_cast<std::uint8_t>(length),
                                    'E',
                                    'x',
                                    'i',
                                    'f',
                                    0,
                                    0};
  segment.insert(segment.end(), exif.begin(), exif.end());
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  return jpeg;
}

}  // namespace tidemill::imaging::testing

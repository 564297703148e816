// Grammar (TIFF 6, EXIF 2.32), all numbers in the byte order of the first two bytes:
//   block     ("Exif" 0 0)?  ("II" | "MM")  u16 42  u32 offset of IFD 0
//   IFD       u16 n  entry{n}  u32 offset of the next IFD
//   entry     u16 tag  u16 type  u32 count  (value, if it fits 4 bytes | u32 offset of it)
#include "imaging/exif.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace tidemill::imaging {
namespace {

using Block = std::span<const std::uint8_t>;

enum Tag : std::uint16_t {
  tag_make = 0x010F,
  tag_model = 0x0110,
  tag_orientation = 0x0112,
  tag_date_time = 0x0132,
  tag_exif_ifd = 0x8769,
  tag_gps_ifd = 0x8825,
  tag_date_time_original = 0x9003,
};

enum GpsTag : std::uint16_t {
  tag_latitude_ref = 1,
  tag_latitude = 2,
  tag_longitude_ref = 3,
  tag_longitude = 4,
};

enum Type : std::uint16_t {
  type_byte = 1,
  type_ascii = 2,
  type_short = 3,
  type_long = 4,
  type_rational = 5
};

struct Entry {
  std::uint16_t tag;
  std::uint16_t type;
  std::uint32_t count;
  Block value;
};

class Reader {
 public:
  Reader(Block block, bool little_endian) : block_(block), little_endian_(little_endian) {}

  std::uint32_t u16(Block from, std::size_t at) const {
    if (from.size() < 2 || at > from.size() - 2) return 0;
    const std::uint32_t a = from[at];
    const std::uint32_t b = from[at + 1];
    return little_endian_ ? a | b << 8 : a << 8 | b;
  }

  std::uint32_t u32(Block from, std::size_t at) const {
    const std::uint32_t a = u16(from, at);
    const std::uint32_t b = u16(from, at + 2);
    return little_endian_ ? a | b << 16 : a << 16 | b;
  }

  // Calls visit(entry) for each entry of the IFD at `offset` whose value lies inside the block.
  template <class Visit>
  void each_entry(std::size_t offset, Visit visit) const {
    if (offset == 0 || offset + 2 > block_.size()) return;
    const std::size_t count = u16(block_, offset);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = offset + 2 + 12 * i;
      if (at + 12 > block_.size()) return;
      Entry entry{.tag = static_cast<std::uint16_t>(u16(block_, at)),
                  .type = static_cast<std::uint16_t>(u16(block_, at + 2)),
                  .count = u32(block_, at + 4),
                  .value = {}};
      const std::uint64_t bytes = std::uint64_t{entry.count} * size_of(entry.type);
      const std::uint64_t start = bytes <= 4 ? at + 8 : u32(block_, at + 8);
      if (bytes == 0 || start + bytes > block_.size()) continue;
      entry.value =
          block_.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(bytes));
      visit(entry);
    }
  }

  std::uint32_t integer(const Entry& entry) const {
    if (entry.type == type_short) return u16(entry.value, 0);
    if (entry.type == type_long) return u32(entry.value, 0);
    if (entry.type == type_byte) return entry.value[0];
    return 0;
  }

  std::string text(const Entry& entry) const {
    if (entry.type != type_ascii) return {};
    const auto end = std::ranges::find(entry.value, std::uint8_t{0});
    std::string result(entry.value.begin(), end);
    // Cameras pad with blanks. What is not printable ASCII has no place in a row or a log line.
    std::erase_if(result, [](char c) { return c < ' ' || c > '~'; });
    result.erase(result.find_last_not_of(' ') + 1);
    return result;
  }

  // Degrees, minutes and seconds as three rationals.
  std::optional<double> degrees(const Entry& entry) const {
    if (entry.type != type_rational || entry.count < 3) return std::nullopt;
    double result = 0;
    double unit = 1;
    for (std::size_t i = 0; i < 3; ++i, unit *= 60) {
      const double numerator = u32(entry.value, 8 * i);
      const double denominator = u32(entry.value, 8 * i + 4);
      if (denominator == 0) return std::nullopt;
      result += numerator / denominator / unit;
    }
    return result;
  }

 private:
  static std::uint64_t size_of(std::uint16_t type) {
    constexpr std::array<std::uint8_t, 13> sizes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8};
    return type < sizes.size() ? sizes[type] : 0;
  }

  Block block_;
  bool little_endian_;
};

std::optional<GeoPoint> read_gps(const Reader& reader, std::size_t offset) {
  std::optional<double> latitude;
  std::optional<double> longitude;
  double latitude_sign = 1;
  double longitude_sign = 1;
  reader.each_entry(offset, [&](const Entry& entry) {
    switch (entry.tag) {
      case tag_latitude_ref:
        latitude_sign = entry.value[0] == 'S' ? -1 : 1;
        break;
      case tag_latitude:
        latitude = reader.degrees(entry);
        break;
      case tag_longitude_ref:
        longitude_sign = entry.value[0] == 'W' ? -1 : 1;
        break;
      case tag_longitude:
        longitude = reader.degrees(entry);
        break;
      default:
        break;
    }
  });
  if (!latitude || !longitude || *latitude > 90 || *longitude > 180) return std::nullopt;
  return GeoPoint{.latitude = latitude_sign * *latitude, .longitude = longitude_sign * *longitude};
}

}  // namespace

Exif read_exif(std::span<const std::uint8_t> block) {
  Exif exif;
  constexpr std::array<std::uint8_t, 6> prefix{'E', 'x', 'i', 'f', 0, 0};
  if (block.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), block.begin())) {
    block = block.subspan(prefix.size());
  }
  if (block.size() < 8 || block[0] != block[1] || (block[0] != 'I' && block[0] != 'M')) return exif;

  const Reader reader(block, block[0] == 'I');
  std::size_t exif_ifd = 0;
  std::size_t gps_ifd = 0;
  reader.each_entry(reader.u32(block, 4), [&](const Entry& entry) {
    switch (entry.tag) {
      case tag_make:
        exif.make = reader.text(entry);
        break;
      case tag_model:
        exif.model = reader.text(entry);
        break;
      case tag_date_time:
        exif.date = reader.text(entry);
        break;
      case tag_exif_ifd:
        exif_ifd = reader.integer(entry);
        break;
      case tag_gps_ifd:
        gps_ifd = reader.integer(entry);
        break;
      case tag_orientation: {
        const std::uint32_t value = reader.integer(entry);
        exif.orientation = value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
        break;
      }
      default:
        break;
    }
  });
  reader.each_entry(exif_ifd, [&](const Entry& entry) {
    if (entry.tag != tag_date_time_original) return;
    // When the picture was taken says more than when the file was last edited.
    if (std::string taken = reader.text(entry); !taken.empty()) exif.date = std::move(taken);
  });
  exif.gps = read_gps(reader, gps_ifd);
  return exif;
}

}  // namespace tidemill::imaging

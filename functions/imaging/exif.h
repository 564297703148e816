// Exif: the few facts of a picture's EXIF block that the functions here report or act on.
//
// An own bounded reader rather than libexif: eight tags are wanted, and libexif reads every tag and
// every camera maker's private notes before it can be asked for one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace tidemill::imaging {

/// Degrees, north and east positive.
struct GeoPoint {
  double latitude = 0;
  double longitude = 0;

  bool operator==(const GeoPoint&) const = default;
};

struct Exif {
  int orientation = 1;  ///< 1 to 8; anything else in the file reads as 1, as viewers do.
  std::string date;     ///< As stored, "2026:11:23 10:00:00" (local time); empty when absent.
  std::string make;
  std::string model;
  std::optional<GeoPoint> gps;
};

/// Reads a TIFF-structured EXIF block, with or without its "Exif\0\0" prefix. Never fails: a
/// damaged block gives what could be read before the damage. Tags of the embedded preview
/// (IFD 1) are ignored.
Exif read_exif(std::span<const std::uint8_t> block);

}  // namespace tidemill::imaging

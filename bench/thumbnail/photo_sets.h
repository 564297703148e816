// The pictures of the thumbnail bench: real photographs cut to the sizes that phones and cameras
// make, coded as they code them. Made by libvips in memory; the same on every run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tidemill::bench {

using File = std::vector<std::uint8_t>;

struct PhotoSet {
  std::string name;
  std::vector<File> files;
};

/// Cuts every JPEG in `folder` to each size and coding. Exits the program if libvips fails.
std::vector<PhotoSet> make_photo_sets(const std::filesystem::path& folder);

}  // namespace tidemill::bench

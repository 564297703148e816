#include "bench/thumbnails_pipeline/digest.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "bench/measure/child_process.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::bench {

void Digest::add(std::string_view name, std::string_view bytes) {
  ++objects;
  sum += XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits(name.data(), name.size()));
}

void Digest::add(const Digest& other) {
  objects += other.objects;
  sum += other.sum;
}

std::string Digest::text() const { return fmt::format("{} objects, {:016x}", objects, sum); }

Digest digest_of(const std::string& folder) {
  Digest digest;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.')) digest.add(name, read_file(entry.path().string()));
  }
  return digest;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  std::string bytes(std::filesystem::file_size(path, error), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  require(!error && file.good(), "cannot read " + path);
  return bytes;
}

}  // namespace tidemill::bench

#include "bench/thumbnails_pipeline/bare_loop.h"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "bench/measure/child_process.h"
#include "imaging/make_thumbnail.h"

namespace tidemill::bench {
namespace {

std::string thumbnail_of(const std::string& path) {
  const std::string file = read_file(path);
  const imaging::Bytes bytes(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
  const auto thumbnail = imaging::make_thumbnail(bytes, {}, {});
  require(thumbnail.has_value(), "no thumbnail of " + path);
  return {thumbnail->bytes.begin(), thumbnail->bytes.end()};
}

}  // namespace

Digest bare_loop(const std::string& folder, unsigned threads) {
  std::vector<std::filesystem::path> photos;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    photos.push_back(entry.path());
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Digest all;
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      Digest own;
      for (std::size_t n = next++; n < photos.size(); n = next++)
        own.add(photos[n].filename().string(), thumbnail_of(photos[n].string()));
      const std::lock_guard lock(mutex);
      all.add(own);
    });
  workers.clear();
  return all;
}

}  // namespace tidemill::bench

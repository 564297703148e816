// bench_thumbnail [--rounds N] [--photos DIR]: the thumbnail library against libvips.
//
// Claim: per core at least 1.4 times libvips' vips_thumbnail_buffer (one thread, no cache) plus
// jpegsave Q85 without metadata, at an SSIM of at least libvips' minus 0.001, with at most 25 MiB
// for one picture of 12 megapixels. Exits with 1 when it does not hold.
//
// The arms take turns set by set within a round; time is CPU time; each figure is the median of
// the rounds. The outputs that are timed are the outputs whose SSIM is taken.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "imaging/make_thumbnail.h"
#include "photo_sets.h"
#include "quality.h"
#include "vips_image.h"

namespace tidemill::bench {
namespace {

constexpr int box = 200;
constexpr int quality = 85;
constexpr double ratio_goal = 1.4;
constexpr double ssim_slack = 0.001;
constexpr double peak_mib_goal = 25;

File with_tidemill(const File& photo) {
  auto thumbnail = imaging::make_thumbnail(photo, {.box = {box, box}, .quality = quality}, {});
  if (!thumbnail) {
    std::cerr << "tidemill: " << thumbnail.error().message << '\n';
    std::exit(1);
  }
  return std::move(thumbnail->bytes);
}

File with_vips(const File& photo) {
  VipsImage* made = nullptr;
  require(vips_thumbnail_buffer(const_cast<std::uint8_t*>(photo.data()), photo.size(), &made, box,
                                "height", box, "size", VIPS_SIZE_DOWN, nullptr));
  const Image thumbnail(made);
  void* bytes = nullptr;
  std::size_t count = 0;
  require(
      vips_jpegsave_buffer(thumbnail.get(), &bytes, &count, "Q", quality, "strip", TRUE, nullptr));
  const auto* first = static_cast<std::uint8_t*>(bytes);
  File file(first, first + count);
  g_free(bytes);
  return file;
}

using Arm = File (*)(const File&);

double milliseconds_per_photo(Arm arm, const PhotoSet& set) {
  const double start = process_cpu_seconds();
  for (const File& photo : set.files) arm(photo);
  return (process_cpu_seconds() - start) * 1000 / static_cast<double>(set.files.size());
}

double mean_ssim(Arm arm, const PhotoSet& set, const std::vector<Luma>& originals) {
  double sum = 0;
  for (std::size_t i = 0; i < set.files.size(); ++i) {
    const Luma thumbnail = decode_luma(arm(set.files[i]));
    sum += ssim(thumbnail, lanczos3(originals[i], thumbnail.width, thumbnail.height));
  }
  return sum / static_cast<double>(set.files.size());
}

struct Row {
  std::string name;
  std::vector<double> ours;
  std::vector<double> theirs;
  double ssim_ours = 0;
  double ssim_theirs = 0;

  double ratio() const { return median(theirs) / median(ours); }
};

// The largest picture that the claim is about, in a fresh process.
double peak_mib(const File& photo) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("tidemill-bench-" + std::to_string(getpid()) + ".jpg");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(photo.data()),
             static_cast<std::streamsize>(photo.size()));
  FILE* child = popen((std::string(BENCH_ONE_PICTURE) + " " + path.string()).c_str(), "r");
  double kib = 0;
  const bool read = child != nullptr && std::fscanf(child, "%lf", &kib) == 1;
  if (child == nullptr || pclose(child) != 0 || !read) {
    std::cerr << "bench_thumbnail_one failed\n";
    std::exit(1);
  }
  std::filesystem::remove(path);
  return kib / 1024;
}

bool run(const std::filesystem::path& photos, int rounds) {
  const std::vector<PhotoSet> sets = make_photo_sets(photos);
  std::vector<Row> rows;
  for (const PhotoSet& set : sets) {
    std::vector<Luma> originals;
    for (const File& photo : set.files) originals.push_back(decode_luma(photo));
    Row& row = rows.emplace_back();
    row.name = set.name;
    row.ssim_ours = mean_ssim(with_tidemill, set, originals);
    row.ssim_theirs = mean_ssim(with_vips, set, originals);
  }
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < sets.size(); ++i) {
      rows[i].ours.push_back(milliseconds_per_photo(with_tidemill, sets[i]));
      rows[i].theirs.push_back(milliseconds_per_photo(with_vips, sets[i]));
    }
  }

  std::printf("libvips %s, %d photos a set, %d rounds, CPU ms per photo (median)\n",
              vips_version_string(), static_cast<int>(sets[0].files.size()), rounds);
  std::printf("%-14s %9s %9s %7s %10s %10s\n", "set", "tidemill", "libvips", "ratio", "SSIM",
              "SSIM vips");
  double log_sum = 0;
  bool close_enough = true;
  for (const Row& row : rows) {
    std::printf("%-14s %9.2f %9.2f %7.2f %10.4f %10.4f\n", row.name.c_str(), median(row.ours),
                median(row.theirs), row.ratio(), row.ssim_ours, row.ssim_theirs);
    log_sum += std::log(row.ratio());
    close_enough = close_enough && row.ssim_ours >= row.ssim_theirs - ssim_slack;
  }
  const double geometric_mean = std::exp(log_sum / static_cast<double>(rows.size()));
  double peak = 0;
  for (const PhotoSet& set : sets) peak = std::max(peak, peak_mib(set.files.front()));
  char measured[64];
  std::snprintf(measured, sizeof measured, "%.2f times", geometric_mean);
  bool holds = print_claim("thumbnail function / libvips per core, geometric mean over JPEG sets",
                           "≥ 1.4 times", measured, geometric_mean >= ratio_goal);
  holds = print_claim("SSIM of the thumbnails, set by set", "≥ libvips' − 0.001",
                      close_enough ? "within" : "too low", close_enough) &&
          holds;
  std::snprintf(measured, sizeof measured, "%.1f MiB", peak);
  return print_claim("peak memory of one picture of 12 megapixels", "≤ 25 MiB", measured,
                     peak <= peak_mib_goal) &&
         holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  std::filesystem::path photos =
      std::filesystem::path(TIDEMILL_SOURCE_DIR) / "../shared/data/images/photos";
  int rounds = 5;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--photos") photos = argv[i + 1];
    if (option == "--rounds") rounds = std::max(1, std::atoi(argv[i + 1]));
  }
  if (!std::filesystem::is_directory(photos)) {
    std::cerr << "no photos in " << photos << "; name a folder of JPEGs with --photos DIR\n";
    return 2;
  }
  tidemill::bench::require(vips_init(argv[0]));
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  const bool holds = tidemill::bench::run(photos, rounds);
  vips_shutdown();
  return holds ? 0 : 1;
}

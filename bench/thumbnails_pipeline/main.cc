// bench_thumbnails_pipeline [--rounds N] [--photos DIR]: what the pipeline around the
// thumbnail function costs, and the memory of a whole run.
//
// Claims: folder -> function -> folder + table + notifications makes at least 0.90 of the pictures
// per second that the bare library makes in a loop over the same files with as many threads; a run
// over 1 000 photos with default settings stays under 200 MB.
//
// Both arms are processes of their own, which take turns; each reads the same files from the page
// cache. The pipeline is `tidemill run pipelines/thumbnails.yaml` on a fresh data folder, from
// start to exit. In each round its thumbnails are byte for byte those of the loop, and there is one
// row and one notification for each.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "bench/thumbnails_pipeline/bare_loop.h"
#include "bench/thumbnails_pipeline/digest.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

namespace fs = std::filesystem;

constexpr double rate_goal = 0.90;
constexpr double peak_mb_goal = 200;
constexpr const char* pipeline_file = TIDEMILL_SOURCE_DIR "/pipelines/thumbnails.yaml";

constexpr std::size_t peak_photos = 1000;

struct Set {
  std::string name;
  std::string folder;
  std::size_t photos;  // Of one round: some seconds of work.
};

// Those of cameras lie beside the repository on machines that have them; the demo's own are small.
std::vector<Set> sets(const std::string& photos) {
  std::vector<Set> all;
  if (fs::is_directory(photos)) all.push_back({"photos of 1 to 16 MP", photos, 200});
  all.push_back({"photos of 1 to 2 MP", TIDEMILL_SOURCE_DIR "/tests/data/photos", 1000});
  return all;
}

// Copies, not links: an upload is a file of its own.
double lay_out(const std::string& from, const std::string& to, std::size_t count) {
  std::vector<fs::path> samples;
  for (const auto& entry : fs::directory_iterator(from))
    if (entry.path().extension() == ".jpg") samples.push_back(entry.path());
  std::ranges::sort(samples);
  require(!samples.empty(), "no JPEG in " + from);
  fs::create_directories(to);
  double bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const fs::path& sample = samples[i % samples.size()];
    fs::copy_file(sample, fmt::format("{}/{:05}.jpg", to, i));
    bytes += static_cast<double>(fs::file_size(sample));
  }
  return bytes;
}

std::size_t lines_of(const std::string& path) {
  std::ifstream file(path);
  std::size_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  return lines;
}

struct Arm {
  std::vector<double> rate;  // Pictures per second of wall time.
  std::vector<double> cpu_ms;
  std::vector<double> peak_mb;

  void add(const Finished& finished, std::size_t photos) {
    const auto count = static_cast<double>(photos);
    rate.push_back(count / finished.wall_s);
    cpu_ms.push_back(finished.cpu_s * 1000 / count);
    peak_mb.push_back(finished.peak_mib * 1.048576);
  }

  void print(const char* name) const {
    fmt::print("{:<10} {:>26} {:>22} {:>24}\n", name, spread(rate), spread(cpu_ms, 2),
               spread(peak_mb));
  }
};

void run_pipeline(const std::string& uploads, const std::string& data, std::size_t photos,
                  Arm& arm) {
  const auto finished = run_to_end({BENCH_TIDEMILL, "run", pipeline_file, "--data", data, "--set",
                                    "pipelines.thumbnails.source.bucket.url=file:" + uploads,
                                    "--until-idle", "--summary", "json", "--log-level", "error"});
  arm.add(finished, photos);
  const std::string count = std::to_string(photos);
  require(finished.output.contains("\"committed\": " + count + ","),
          "not every photo was committed: " + finished.output);
  require(run_to_end({BENCH_TIDEMILL, "table", "count", "images", "--data", data}).output ==
              count + '\n',
          "there is not one row per photo");
  require(lines_of(data + "/notifications.ndjson") == photos,
          "there is not one notification per photo");
}

bool compare(const Set& set, int rounds) {
  const unsigned threads = std::thread::hardware_concurrency();
  const testing::TempFolder scratch;
  const std::string uploads = scratch / "uploads";
  const double bytes = lay_out(set.folder, uploads, set.photos);
  Arm bare, pipeline;
  for (int round = 0; round < rounds; ++round) {
    const auto loop = run_to_end({this_program(), "--bare", uploads, std::to_string(threads)});
    bare.add(loop, set.photos);
    // The folders stay until the end: for minutes after a removal ext4 searches longer for the
    // inode of a new file.
    const std::string data = scratch / ("data-" + std::to_string(round));
    run_pipeline(uploads, data, set.photos, pipeline);
    require(digest_of(data + "/buckets/thumbnails").text() + '\n' == loop.output,
            "the pipeline made other thumbnails than the loop");
  }

  fmt::print("\n{} JPEGs, {}, {:.0f} KB on average, {} threads\n", set.photos, set.name,
             bytes / static_cast<double>(set.photos) / 1000, threads);
  fmt::print("{:<10} {:>26} {:>22} {:>24}\n", "arm", "pictures/s", "CPU ms/picture", "peak MB");
  bare.print("bare loop");
  pipeline.print("pipeline");
  const double ratio = median(pipeline.rate) / median(bare.rate);
  const double cpu_ratio = median(bare.cpu_ms) / median(pipeline.cpu_ms);
  return print_claim("thumbnails end to end / bare function, pictures per second, " + set.name,
                     "≥ 0.90", fmt::format("{:.3f} (per CPU second {:.3f})", ratio, cpu_ratio),
                     ratio >= rate_goal);
}

bool bound_memory(const Set& set) {
  const testing::TempFolder scratch;
  const std::string uploads = scratch / "uploads";
  lay_out(set.folder, uploads, peak_photos);
  Arm pipeline;
  run_pipeline(uploads, scratch / "data", peak_photos, pipeline);
  const double peak = pipeline.peak_mb.front();
  return print_claim(fmt::format("peak memory of a run over {} {}", peak_photos, set.name),
                     "< 200 MB", fmt::format("{:.0f} MB", peak), peak < peak_mb_goal);
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  std::string photos = TIDEMILL_SOURCE_DIR "/../shared/data/images/photos";
  for (int i = 1; i + 1 < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--bare" && i + 2 < argc) {
      const auto threads = static_cast<unsigned>(std::stoul(argv[i + 2]));
      fmt::print("{}\n", bare_loop(argv[i + 1], threads).text());
      return 0;
    }
    if (option == "--photos") photos = argv[i + 1];
  }
  const int rounds = rounds_option(argc, argv, 5);
  print_machine(rounds);
  bool holds = true;
  for (const Set& set : sets(photos)) {
    holds = compare(set, rounds) && holds;
    holds = bound_memory(set) && holds;
  }
  return holds ? 0 : 1;
}

// bench_archive [--rounds N] [--events N]: events per second into an archive.
//
// Claim: told, as a ratio to the least that anyone could do for the same objects: read the file,
// compress it with the same library at the same level, write it and sync it. What the engine does
// beside that is to cut the events, to find the hour of each, to stage them durably and to read
// them again, so that each is in exactly one object.
//
// Both arms are processes of their own, which take turns: `tidemill run` from start to exit, and
// this program's loop. In each round the objects of both hold the same lines.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "connectors/records/compressor.h"
#include "connectors/records/decoder.h"
#include "tidemill/posix.h"
#include "tidemill/testing/temp_folder.h"

#include <fcntl.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t page = 1u << 20;
constexpr std::uint64_t object_bytes = 64u << 20;
constexpr std::uint64_t first_time = 1'774'800'000;

// Clicks of four hours, of some 200 bytes.
std::uint64_t write_events(const std::string& path, std::uint64_t events) {
  std::ofstream file(path, std::ios::binary);
  std::uint64_t state = 1;
  const auto random = [&state] {
    state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    return state >> 33;
  };
  std::uint64_t bytes = 0;
  for (std::uint64_t n = 0; n < events; ++n) {
    const std::string line = fmt::format(
        "{{\"id\":\"{:016x}\",\"ts\":{},\"user\":\"u{}\",\"page\":\"/products/{}\",\"referrer\":"
        "\"https://example.com/search?q={:x}\",\"agent\":\"Mozilla/5.0 (X11; Linux x86_64)\","
        "\"ms\":{}}}\n",
        n * 0x9e37'79b9'7f4a'7c15, first_time + n * 4 * 3600 / events, random() % 50'000,
        random() % 3'000, random(), random() % 4'000);
    file << line;
    bytes += line.size();
  }
  require(file.good(), "cannot write " + path);
  return bytes;
}

void sync_and_close(Descriptor& file) {
  require(::fsync(file.get()) == 0, "cannot sync an object");
  file = Descriptor();
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    require(put > 0, "cannot write an object");
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
}

// The other arm.
void bare_loop(const std::string& path, const std::string& folder) {
  fs::create_directories(folder);
  std::ifstream file(path, std::ios::binary);
  std::string in(page, '\0');
  std::string out;
  int number = 0;
  while (file) {
    const std::string name = fmt::format("{}/{}.ndjson.zst", folder, ++number);
    Descriptor object(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    require(static_cast<bool>(object), "cannot make an object");
    const auto compressor = records::make_compressor(records::Compression::zstd, 0);
    std::uint64_t taken = 0;
    while (taken < object_bytes && file) {
      file.read(in.data(), static_cast<std::streamsize>(page));
      const auto got = static_cast<std::size_t>(file.gcount());
      compressor->add(std::string_view(in).substr(0, got), out);
      taken += got;
      write_all(object.get(), out);
      out.clear();
    }
    compressor->finish(out);
    write_all(object.get(), out);
    out.clear();
    sync_and_close(object);
  }
}

struct Contents {
  std::uint64_t lines = 0;
  std::uint64_t sum = 0;
  std::uint64_t bytes = 0;  // Compressed.
  friend bool operator==(const Contents& a, const Contents& b) {
    return a.lines == b.lines && a.sum == b.sum;
  }
};

// In whatever order. A line of the bare arm may be cut between two of its objects, so these are
// read as one stream.
Contents contents_of(const std::string& folder) {
  std::vector<fs::path> objects;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().extension() == ".zst")
      objects.push_back(entry.path());
  std::ranges::sort(objects, {}, [](const fs::path& path) {
    return std::pair(path.parent_path(), std::pair(path.native().size(), path));
  });
  Contents contents;
  std::string rest;
  std::string room(page, '\0');
  for (const fs::path& object : objects) {
    contents.bytes += fs::file_size(object);
    std::ifstream file(object, std::ios::binary);
    records::Decoder decoder(records::Compression::zstd, [&file](std::span<char> to) {
      file.read(to.data(), static_cast<std::streamsize>(to.size()));
      return Result<std::size_t>(static_cast<std::size_t>(file.gcount()));
    });
    decoder.end();
    for (;;) {
      const auto got = decoder.read(room);
      require(got.has_value(), object.string() + " cannot be read");
      if (*got == 0) break;
      rest.append(room, 0, *got);
      std::string_view lines = rest;
      for (auto end = lines.find('\n'); end != lines.npos; end = lines.find('\n')) {
        ++contents.lines;
        contents.sum += XXH3_64bits(lines.data(), end);
        lines.remove_prefix(end + 1);
      }
      rest.erase(0, rest.size() - lines.size());
    }
  }
  require(rest.empty(), "a line is cut off");
  return contents;
}

Finished run_pipeline(const std::string& folder, const std::string& path, std::uint64_t events) {
  const std::string plan = folder + "/archive.yaml";
  std::ofstream(plan) << fmt::format(
      "pipelines:\n  clicks:\n    source: {{ file: {{ path: {} }} }}\n    batch: {{ events: 1000 "
      "}}\n    sinks:\n      lake:\n        archive: {{ url: \"local:lake\", time: .ts, roll: {{ "
      "bytes: {} }} }}\n",
      path, object_bytes);
  auto finished = run_to_end({BENCH_TIDEMILL, "run", plan, "--data", folder + "/data",
                              "--until-idle", "--summary", "json", "--log-level", "error"});
  require(finished.output.contains(fmt::format("\"committed\": {},", events)),
          "not every event was committed: " + finished.output);
  return finished;
}

struct Arm {
  std::vector<double> wall_s;
  std::vector<double> cpu_s;
  double peak_mib = 0;

  void add(const Finished& finished) {
    wall_s.push_back(finished.wall_s);
    cpu_s.push_back(finished.cpu_s);
    peak_mib = std::max(peak_mib, finished.peak_mib);
  }
  void print(const char* name, std::uint64_t events) const {
    const auto all = static_cast<double>(events);
    fmt::print("{:<10} {:>20} {:>20} {:>14.0f} {:>14.0f} {:>10.0f}\n", name, spread(wall_s, 2),
               spread(cpu_s, 2), all / median(wall_s), all / median(cpu_s), peak_mib);
  }
};

bool measure(std::uint64_t events, int rounds) {
  const testing::TempFolder scratch;
  const std::string path = scratch / "clicks.ndjson";
  const std::uint64_t bytes = write_events(path, events);
  Arm bare, pipeline;
  Contents seen;
  for (int round = 0; round < rounds; ++round) {
    const testing::TempFolder folder;
    bare.add(run_to_end({this_program(), "--bare", path, folder / "bare"}));
    pipeline.add(run_pipeline(folder.path(), path, events));
    seen = contents_of(folder / "bare");
    require(seen == contents_of(folder / "data/buckets/lake"),
            "the archive holds other events than the loop has written");
    require(seen.lines == events, "not every event is in an object");
  }
  fmt::print("\n{} events of {} bytes, {} MiB compressed to {} MiB\n", events, bytes / events,
             bytes >> 20, seen.bytes >> 20);
  fmt::print("{:<10} {:>20} {:>20} {:>14} {:>14} {:>10}\n", "arm", "wall s", "CPU s", "events/s",
             "per CPU s", "peak MiB");
  bare.print("bare", events);
  pipeline.print("pipeline", events);
  const auto all = static_cast<double>(events);
  return print_claim(
      "events per second into an archive / reading, compressing and writing the bare file", "told",
      fmt::format("{:.2f} (per CPU second {:.2f}); {:.0f} events/s, {:.0f} per CPU second",
                  median(bare.wall_s) / median(pipeline.wall_s),
                  median(bare.cpu_s) / median(pipeline.cpu_s), all / median(pipeline.wall_s),
                  all / median(pipeline.cpu_s)),
      true);
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  using namespace tidemill::bench;
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "--bare") {
    bare_loop(words[1], words[2]);
    return 0;
  }
  std::uint64_t events = 1'000'000;
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "--events") events = std::stoul(words[i + 1]);
  const int rounds = rounds_option(argc, argv, 3);
  print_machine(rounds);
  return measure(events, rounds) ? 0 : 1;
}

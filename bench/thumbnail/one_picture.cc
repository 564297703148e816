// bench_thumbnail_one FILE: makes one thumbnail and prints the peak memory of this process in KiB.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "imaging/make_thumbnail.h"

namespace {

// Not getrusage: its figure survives exec, so a child would report the peak of the bench itself.
std::string peak_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == "VmHWM:" && status >> word) return word;
  }
  return "0";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_thumbnail_one FILE\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary | std::ios::ate);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(file.tellg()));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const auto thumbnail = tidemill::imaging::make_thumbnail(bytes, {}, {});
  if (!thumbnail) {
    std::cerr << thumbnail.error().message << '\n';
    return 1;
  }
  std::cout << peak_kib() << '\n';
  return 0;
}

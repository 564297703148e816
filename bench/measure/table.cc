#include "bench/measure/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace tidemill::bench {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::string spread(const std::vector<double>& values, int digits) {
  const auto [least, most] = std::ranges::minmax(values);
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", median(values), digits, least, digits, most,
                     digits);
}

void print_machine(int rounds) {
  std::array<double, 1> load{};
  if (::getloadavg(load.data(), 1) != 1) load[0] = 0;
  fmt::print("{} cores, load {:.1f} at the start, {} rounds, median (least to most)\n",
             std::thread::hardware_concurrency(), load[0], rounds);
}

bool print_claim(const std::string& claim, const std::string& goal, const std::string& measured,
                 bool holds) {
  fmt::print("| {} | {} | {} | {} |\n", claim, goal, measured, holds ? "yes" : "NO");
  std::fflush(stdout);
  return holds;
}

int rounds_option(int argc, char** argv, int otherwise) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--rounds") return std::max(1, std::atoi(argv[i + 1]));
  return otherwise;
}

}  // namespace tidemill::bench

#include "bench/aggregate/clicks.h"

#include <fmt/format.h>

#include <fstream>
#include <random>

#include "bench/measure/child_process.h"
#include "core/base/json_line.h"

namespace tidemill::bench {
namespace {

constexpr std::size_t line_bytes = 500;
constexpr std::uint64_t begin = 1'767'225'600'000'000;  // 2026-01-01, in microseconds.

}  // namespace

// A thousand events a second, none of them more than two seconds late.
void write_clicks(const std::string& path, const Clicks& clicks) {
  std::ofstream file(path, std::ios::binary);
  std::mt19937_64 random(1);
  std::string line;
  for (std::uint64_t i = 0; i < clicks.events; ++i) {
    const std::uint64_t time = begin + i * 1000 - random() % 2'000'000;
    line = fmt::format(R"({{"id":{},"user":{{"id":"u{}","name":"Somebody {}"}},"ts":"{}",)"
                       R"("page":"/page/{}","millis":{},"agent":")",
                       i, random() % 100'000, random() % 100'000, rfc3339(time),
                       random() % clicks.pages, random() % 5000);
    line.append(line_bytes - line.size() - 2, 'x');
    line += "\"}\n";
    file << line;
  }
  file.close();
  require(static_cast<bool>(file), "cannot write " + path);
}

}  // namespace tidemill::bench

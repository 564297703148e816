// bench_file_source [--rounds N] [--records N]: what an event costs that comes from a file.
//
// Claim: handing over a 500-byte line of JSON as an event takes at most 200 ns of CPU more than
// reading the same file into one buffer and looking for its line ends does. What CSV, archives and
// a key cost beside that is told.
//
// The arms are the whole source, polled as the engine polls it, on an event loop with a pool for
// its reads; and a loop of read() and memchr(). The file is in the page cache. What counts is CPU
// time over all threads; every arm must find every record.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/file_source/input.h"
#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "connectors/file/file_source.h"
#include "core/base/asio_scheduler.h"
#include "records/testing/archives.h"
#include "tidemill/posix.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bench {
namespace {

constexpr double added_goal_ns = 200;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

double bare_ns(const Input& input) {
  const Descriptor file(::open(input.path.c_str(), O_RDONLY | O_CLOEXEC));
  require(static_cast<bool>(file), "cannot open " + input.path);
  std::vector<char> buffer(std::size_t{256} * 1024);
  std::uint64_t records = 0;
  const double cpu = process_cpu_seconds();
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    require(got >= 0, "cannot read " + input.path);
    if (got == 0) break;
    const char* at = buffer.data();
    const char* const end = at + got;
    while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
      ++records;
      at = static_cast<const char*>(found) + 1;
    }
  }
  const double ns = (process_cpu_seconds() - cpu) * 1e9 / static_cast<double>(input.records);
  require(records == input.records, "the bare loop lost a record");
  return ns;
}

Task<> drain(Source& source, std::uint64_t& records, std::uint64_t& bytes,
             AsioScheduler& scheduler) {
  const testing::MapProgress progress;
  const auto opened = co_await source.open(progress);
  require(opened.has_value(), "cannot open the source");
  std::vector<Event> events;
  constexpr Credit credit{.events = 4096, .bytes = std::uint64_t{18} << 20, .alone = true};
  for (bool more = true; more;) {
    events.clear();
    const auto polled = co_await source.poll(credit, events);
    require(polled.has_value(), "a poll failed");
    records += events.size();
    for (const Event& event : events) bytes += event.data.size();
    more = *polled == PollEnd::more;
  }
  co_await source.close();
  scheduler.stop();
}

double source_ns(const Input& input, file::SourceConfig config) {
  const testing::TempFolder data;
  SilentLog log;
  AsioScheduler scheduler(2);
  config.path = {input.path};
  file::FileSource source(std::move(config), false, Services{scheduler, log, data.path(), true},
                          std::make_shared<file::FileHistories>());
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  const double cpu = process_cpu_seconds();
  spawn(scheduler, drain(source, records, bytes, scheduler));
  scheduler.run();
  const double ns = (process_cpu_seconds() - cpu) * 1e9 / static_cast<double>(input.records);
  require(records == input.records, "the source lost a record");
  require(input.bytes == 0 || bytes == input.bytes, "the source lost a byte");
  return ns;
}

struct Arm {
  std::string what;
  std::function<double()> turn;
  std::vector<double> ns = {};
};

bool measure(std::uint64_t count, int rounds) {
  const testing::TempFolder folder;
  const Input lines = write_json_lines(folder / "lines.ndjson", count);
  const Input csv = write_csv(folder / "records.csv", count);
  const Input gzip = compressed(lines, ".gz", &records::testing::gzipped);
  const Input zstd = compressed(lines, ".zst", &records::testing::zstandard);
  file::SourceConfig keyed;
  keyed.key = ".user.id";
  file::SourceConfig table;
  table.format = records::Format::csv;

  Arm bare{"bare", [&] { return bare_ns(lines); }};
  Arm plain{"plain", [&] { return source_ns(lines, {}); }};
  std::vector<Arm> told;
  told.push_back({"lines of JSON with a key", [&] { return source_ns(lines, keyed); }});
  told.push_back({"records of CSV with ten columns", [&] { return source_ns(csv, table); }});
  told.push_back({"lines of JSON in a gzip archive", [&] { return source_ns(gzip, {}); }});
  told.push_back({"lines of JSON in a zstd archive", [&] { return source_ns(zstd, {}); }});
  for (int round = 0; round < rounds; ++round) {
    bare.ns.push_back(bare.turn());
    plain.ns.push_back(plain.turn());
    for (Arm& arm : told) arm.ns.push_back(arm.turn());
  }

  std::vector<double> added;
  for (std::size_t i = 0; i < plain.ns.size(); ++i) added.push_back(plain.ns[i] - bare.ns[i]);
  const bool holds = median(added) <= added_goal_ns;
  print_claim("file source per event over read() and memchr(), lines of JSON, 500 bytes",
              fmt::format("≤ {:.0f} ns", added_goal_ns),
              fmt::format("{} ns, besides {} ns; {:.1f} million events/s per core",
                          spread(added, 0), spread(bare.ns, 0), 1000 / median(plain.ns)),
              holds);
  for (const Arm& arm : told)
    print_claim("file source per event, " + arm.what + ", 500 bytes", "told",
                spread(arm.ns, 0) + " ns", true);
  return holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  std::uint64_t count = 400'000;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--records") count = std::stoul(argv[i + 1]);
  const int rounds = tidemill::bench::rounds_option(argc, argv, 7);
  tidemill::bench::print_machine(rounds);
  return tidemill::bench::measure(count, rounds) ? 0 : 1;
}

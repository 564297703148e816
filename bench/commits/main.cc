// bench_commits [--rounds N] [--folder DIR]: what a durable commit costs, alone and in company.
//
// Claims: eight pipelines with `durability: sync`, one small batch at a time each, reach three
// times the commits per second of one, because commits that wait for the disk become one write; and
// the slow commits of one pipeline (p99) take at most three times what the slow ones of a bare loop
// take that appends as many bytes to a file and calls fdatasync.
//
// On the real disk, in the build folder (a tmpfs would say nothing). The arms take turns in short
// slices; what counts is the clock on the wall.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "core/base/asio_scheduler.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/state/rocks_store.h"

namespace tidemill::bench {
namespace {

constexpr double company_goal = 3;
constexpr double slow_goal = 3;
constexpr std::uint32_t pipelines_max = 8;
constexpr std::uint32_t rows_per_commit = 4;
constexpr std::size_t row_bytes = 100;
constexpr double slice_seconds = 0.4;
constexpr int slices_per_round = 4;

double percentile_99(std::vector<double> values) {
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, values.size() * 99 / 100)];
}

// A file that grows as RocksDB's log does.
class BareLog {
 public:
  BareLog(const std::string& path, std::size_t record_bytes)
      : file_(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644)),
        record_(record_bytes, 'x') {
    require(file_ >= 0, "cannot make " + path);
  }
  ~BareLog() { ::close(file_); }
  BareLog(const BareLog&) = delete;
  BareLog& operator=(const BareLog&) = delete;

  void run(double seconds, std::vector<double>& latencies) {
    const double start = wall_seconds();
    for (double before = start; before < start + seconds;) {
      const auto written = ::write(file_, record_.data(), record_.size());
      require(written == static_cast<ssize_t>(record_.size()), "cannot write");
      require(::fdatasync(file_) == 0, "cannot sync");
      const double after = wall_seconds();
      latencies.push_back(after - before);
      before = after;
    }
  }

 private:
  const int file_;
  const std::string record_;
};

// The store with its sequencer, as the engine has them: commits block on a thread of their own.
class Engine {
 public:
  explicit Engine(const std::string& folder)
      : store_(open(folder)), disk_(1), sequencer_(scheduler_, *store_, disk_.get_executor()) {
    table_ = store_->table("rows").value_or(TableId());
    for (std::uint32_t i = 0; i < pipelines_max; ++i)
      pipelines_.push_back(
          {.id = store_->pipeline(fmt::format("p{}", i), "").value_or(PipelineId()),
           .key = fmt::format("pipeline-{}-key-", i)});
    for (const Pipeline& pipeline : pipelines_)
      require(store_->progress(pipeline.id, "bench:").has_value(), "no progress");
  }
  ~Engine() { disk_.join(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Commits per second of the first `count` pipelines, each with one commit at a time.
  double run(std::uint32_t count, double seconds, std::vector<double>& latencies) {
    const double start = wall_seconds();
    const std::size_t before = latencies.size();
    left_ = count;
    for (std::uint32_t i = 0; i < count; ++i)
      spawn(scheduler_, commit_until(pipelines_[i], start + seconds, latencies));
    scheduler_.context().restart();
    scheduler_.run();
    return static_cast<double>(latencies.size() - before) / (wall_seconds() - start);
  }

 private:
  struct Pipeline {
    PipelineId id;
    std::string key;
    std::uint64_t next = 0;
  };

  static std::unique_ptr<RocksStore> open(const std::string& folder) {
    auto store = RocksStore::open(folder, {.engine_id = "bench", .now = {}, .limits = {}});
    require(store.has_value(), "cannot open a store in " + folder);
    return std::move(*store);
  }

  Task<> commit_until(Pipeline& pipeline, double end, std::vector<double>& latencies) {
    const std::string data(row_bytes, 'x');
    for (double before = wall_seconds(); before < end;) {
      CommitPart part;
      part.pipeline = pipeline.id;
      std::vector<std::string> keys;
      for (std::uint32_t i = 0; i < rows_per_commit; ++i)
        keys.push_back(pipeline.key + std::to_string((pipeline.next + i) % 10'000));
      for (const std::string& key : keys)
        part.rows.push_back({.table = table_, .expires = {}, .key = key, .data = data});
      pipeline.next += rows_per_commit;
      part.logs.push_back({Partition(0), Offset(pipeline.next), {}});
      const auto committed = co_await sequencer_.commit(part, Durability::sync);
      require(committed.has_value(), "a commit failed");
      const double after = wall_seconds();
      latencies.push_back(after - before);
      before = after;
    }
    if (--left_ == 0) scheduler_.stop();
  }

  AsioScheduler scheduler_{1};
  std::unique_ptr<RocksStore> store_;
  boost::asio::thread_pool disk_;
  CommitSequencer sequencer_;
  TableId table_;
  std::vector<Pipeline> pipelines_;
  std::uint32_t left_ = 0;
};

std::uintmax_t log_bytes(const std::string& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".log") bytes += entry.file_size();
  return bytes;
}

// What one commit of one pipeline adds to RocksDB's log. Also warms everything up.
std::size_t bytes_per_commit(Engine& engine, const std::string& folder) {
  std::vector<double> commits;
  const std::uintmax_t before = log_bytes(folder);
  engine.run(1, slice_seconds, commits);
  return (log_bytes(folder) - before) / commits.size();
}

bool measure(const std::string& folder, int rounds) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::vector<double> company;  // Commits per second of eight to those of one.
  std::vector<double> slow;     // p99 of a commit to that of the bare loop.
  std::vector<double> one_rate, eight_rate, commit_ms, bare_ms, group_ms;
  {
    Engine engine(folder + "/store");
    const std::size_t bytes = bytes_per_commit(engine, folder + "/store");
    fmt::print("a commit is {} bytes of log\n", bytes);
    BareLog bare(folder + "/bare", bytes);
    for (int round = 0; round < rounds; ++round) {
      std::vector<double> of_bare, of_one, of_eight;
      double one = 0;
      double eight = 0;
      for (int slice = 0; slice < slices_per_round; ++slice) {
        bare.run(slice_seconds, of_bare);
        one += engine.run(1, slice_seconds, of_one) / slices_per_round;
        eight += engine.run(pipelines_max, slice_seconds, of_eight) / slices_per_round;
      }
      company.push_back(eight / one);
      one_rate.push_back(one);
      eight_rate.push_back(eight);
      slow.push_back(percentile_99(of_one) / percentile_99(of_bare));
      commit_ms.push_back(percentile_99(of_one) * 1e3);
      bare_ms.push_back(percentile_99(of_bare) * 1e3);
      group_ms.push_back(percentile_99(of_eight) * 1e3);
    }
  }
  std::filesystem::remove_all(folder);

  bool holds = print_claim("durable commits per second, eight pipelines / one",
                           fmt::format("≥ {}", company_goal),
                           fmt::format("{}; {:.0f} and {:.0f} per second", spread(company, 1),
                                       median(eight_rate), median(one_rate)),
                           median(company) >= company_goal);
  holds = print_claim("p99 of a durable commit / p99 of a write with fdatasync",
                      fmt::format("≤ {}", slow_goal),
                      fmt::format("{}; {:.2f} and {:.2f} ms", spread(slow, 2), median(commit_ms),
                                  median(bare_ms)),
                      median(slow) <= slow_goal) &&
          holds;
  print_claim("p99 of a durable commit of one of eight pipelines", "told",
              spread(group_ms, 2) + " ms", true);
  return holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  std::string folder = BENCH_SCRATCH "/scratch";
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--folder") folder = argv[i + 1];
  const int rounds = tidemill::bench::rounds_option(argc, argv, 7);
  tidemill::bench::print_machine(rounds);
  return tidemill::bench::measure(folder, rounds) ? 0 : 1;
}

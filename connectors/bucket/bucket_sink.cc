#include "bucket_sink.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "object_file.h"
#include "staged_write.h"

namespace tidemill::bucket {

BucketSink::BucketSink(Location location, Services services)
    : location_(std::move(location)), services_(std::move(services)) {}

SinkTraits BucketSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = false,
          .takes_objects = true,
          .concurrent_writes = true};
}

std::string BucketSink::place() const { return "folder:" + location_.root + '/'; }

Task<Result<>> BucketSink::open() {
  run_ = services_.scheduler.random();
  auto work = [this] { return open_root(); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  co_return opened;
}

Result<> BucketSink::open_root() {
  const std::string about = "cannot write to the folder " + location_.root;
  std::error_code error;
  std::filesystem::create_directories(location_.root, error);
  if (error) return fail_errno(Fault::bad_config, about, error.value());
  return remove_abandoned(location_.root);
}

Task<std::vector<Result<>>> BucketSink::write(SinkBatch batch) {
  auto work = [this, batch] { return write_files(batch); };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, several at a time.
std::vector<Result<>> BucketSink::write_files(SinkBatch batch) {
  std::vector<Result<>> results;
  results.reserve(batch.effects.size());
  for (auto rest = batch.effects; !rest.empty();) {
    const auto group = rest.first(std::min(rest.size(), StagedWrite::effects_max));
    rest = rest.subspan(group.size());
    const std::uint64_t number = staged_.fetch_add(1, std::memory_order_relaxed);
    StagedWrite staged(location_.root, version_text(run_) + '-' + std::to_string(number) + '-');
    auto written = staged.run(group);
    results.insert(results.end(), std::move_iterator(written.begin()),
                   std::move_iterator(written.end()));
    if (!staged.kept_metadata() && !said_no_metadata_.exchange(true))
      services_.log.write(LogLevel::warning, "the file system of " + location_.root +
                                                 " keeps no content types and metadata");
  }
  const bool all_succeeded =
      std::ranges::all_of(results, [](const auto& r) { return r.has_value(); });
  if (all_succeeded) results.clear();
  return results;
}

Task<> BucketSink::close() { co_return; }

}  // namespace tidemill::bucket

#include "s3_sink.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tidemill::bucket {

S3Sink::S3Sink(std::unique_ptr<S3Bucket> bucket, std::string prefix, Services services)
    : bucket_(std::move(bucket)), prefix_(std::move(prefix)), services_(std::move(services)) {}

SinkTraits S3Sink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = false,
          .takes_objects = true,
          .concurrent_writes = true};
}

std::string S3Sink::place() const { return bucket_->place() + prefix_; }

Task<Result<std::string>> S3Sink::reach() {
  auto look = [this] { return bucket_->reach(); };
  auto reached = co_await run_blocking(services_.scheduler, std::move(look));
  co_return reached;
}

Task<Result<>> S3Sink::open() {
  auto work = [this] { return bucket_->probe(); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  co_return opened;
}

Task<std::vector<Result<>>> S3Sink::write(SinkBatch batch) {
  auto work = [this, batch] { return write_objects(batch); };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, several at a time.
std::vector<Result<>> S3Sink::write_objects(SinkBatch batch) {
  // What has a key that an earlier effect has, too, waits for a later round.
  std::map<std::string_view, std::vector<std::size_t>> by_key;
  for (std::size_t i = 0; i < batch.effects.size(); ++i) by_key[batch.effects[i].key].push_back(i);
  std::vector<Result<>> results(batch.effects.size());
  bool some = true;
  for (std::size_t round = 0; some; ++round) {
    std::vector<S3Put> puts;
    std::vector<std::string> removed;
    std::vector<std::size_t> of_puts;
    std::vector<std::size_t> of_removed;
    for (const auto& [key, effects] : by_key) {
      if (round >= effects.size()) continue;
      const std::size_t i = effects[round];
      // After a failed write, a later one of the same key must not win: the repeat of the first
      // would come after it.
      if (round > 0 && !results[effects[round - 1]]) {
        const Fault earlier = results[effects[round - 1]].error().fault;
        results[i] = fail(earlier == Fault::unavailable ? earlier : Fault::transient,
                          "an earlier write of the object " + std::string(key) + " failed");
        continue;
      }
      const Effect& effect = batch.effects[i];
      if (effect.kind == EffectKind::delete_object) {
        removed.push_back(prefix_ + std::string(key));
        of_removed.push_back(i);
      } else {
        puts.push_back(
            {prefix_ + std::string(key), effect.data, effect.content_type, effect.metadata});
        of_puts.push_back(i);
      }
    }
    auto put = bucket_->put(puts);
    for (std::size_t i = 0; i < put.size(); ++i) results[of_puts[i]] = std::move(put[i]);
    auto gone = bucket_->remove(removed);
    for (std::size_t i = 0; i < gone.size(); ++i) results[of_removed[i]] = std::move(gone[i]);
    some = std::ranges::any_of(by_key,
                               [round](const auto& one) { return round + 1 < one.second.size(); });
  }
  if (std::ranges::all_of(results, [](const auto& r) { return r.has_value(); })) results.clear();
  return results;
}

Task<> S3Sink::close() {
  bucket_->interrupt();
  co_return;
}

}  // namespace tidemill::bucket

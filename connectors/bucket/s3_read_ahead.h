// S3ReadAhead: reads objects of events that were handed over before their function asks for them,
// so that a distant server costs a batch one round trip and not one for each of its objects.
//
// Only what is small is read so, several side by side, and never more than `bytes_max` of it is
// held. It begins once a function has asked for an object, with what was handed over before too,
// and ends with the first event that is settled without having asked: a function that only looks at
// events costs no reads. What is not there yet is read when it is asked for; that nobody answered
// is told as it is.
//
// Thread-safe. Whoever made it lends it a thread when it asks for one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "s3_bucket.h"
#include "tidemill/bytes.h"
#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill::bucket {

class S3ReadAhead : public std::enable_shared_from_this<S3ReadAhead> {
 public:
  static constexpr std::uint64_t bytes_max = 64u << 20;
  static constexpr std::size_t side_by_side = 16;

  /// `lend(call)` runs the call later on another thread.
  using Lend = std::function<void(std::function<void()> call)>;

  S3ReadAhead(std::unique_ptr<S3Bucket> bucket, Lend lend)
      : bucket_(std::move(bucket)), lend_(std::move(lend)) {}

  /// These were handed over, in this order.
  void expect(std::span<const Event> events);

  /// See Source::read_object().
  Result<Bytes> read(const Event& event, std::uint64_t object_bytes_max);

  /// This event is settled: whatever is held for it goes.
  void forget(std::string_view key, std::string_view version);

  /// Ends what waits, for good.
  void interrupt() { bucket_->interrupt(); }

 private:
  enum class Wanted { unknown, no, yes };  // What is handed over; unknown until one is settled.
  enum class State { waiting, reading, done };
  struct Entry {
    std::uint64_t bytes = 0;
    State state = State::waiting;
    std::optional<Result<Bytes>> object;  // With State::done; nothing: to be read by itself.
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  void start_if_needed(std::unique_lock<std::mutex>& lock);
  std::vector<std::string> take_some();
  void run();
  void erase(Entries::iterator entry);

  const std::unique_ptr<S3Bucket> bucket_;
  const Lend lend_;
  std::mutex mutex_;
  std::condition_variable done_;
  Entries entries_;                // By key and version.
  std::deque<std::string> queue_;  // Those that wait, and some that are gone.
  std::uint64_t held_ = 0;         // Bytes of entries that are being read or are done.
  Wanted wanted_ = Wanted::unknown;
  bool running_ = false;
};

}  // namespace tidemill::bucket

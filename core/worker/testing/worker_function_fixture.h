// What the tests of worker functions share: functions in real worker processes, a log that can be
// waited for, and answers as lines.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/asio_scheduler.h"
#include "core/worker/worker_function.h"

namespace tidemill {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

inline std::string test_folder() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "testdata").string();
}

class AwaitedLog final : public Log {
 public:
  void write(LogLevel, std::string_view sentence) override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(sentence);
    written_.notify_all();
  }

  /// Waits until a line contains `part`; false when none did in good time.
  bool says(std::string_view part) {
    std::unique_lock lock(mutex_);
    return written_.wait_for(lock, std::chrono::seconds(20), [&] {
      for (const auto& line : lines_)
        if (line.find(part) != line.npos) return true;
      return false;
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable written_;
  std::vector<std::string> lines_;
};

/// Waits until a process has ended.
class Ending {
 public:
  explicit Ending(const std::string& pid)
      : pidfd_(static_cast<int>(syscall(SYS_pidfd_open, std::stoi(pid), 0))) {}

  bool waited() const {
    pollfd event{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return poll(&event, 1, 20'000) == 1;
  }

 private:
  Descriptor pidfd_;
};

class WorkerFunctionTest : public testing::Test {
 protected:
  Result<std::unique_ptr<WorkerFunction>> try_make(const ResolvedOptions& config = {},
                                                   std::uint32_t concurrency = 0) {
    auto plugin = Plugin::load(test_folder() + "/unruly.so");
    EXPECT_TRUE(plugin) << plugin.error().message;
    NativeHost host{.now = &steady_now,
                    .log = &log_,
                    .read_row = read_row_,
                    .scan_rows = scan_rows_,
                    .memory_bytes_max = memory_bytes_max_,
                    .function = "f"};
    return WorkerFunction::make(*plugin, config, std::move(host), options_, concurrency);
  }

  void make(const ResolvedOptions& config = {}, std::uint32_t concurrency = 0) {
    auto made = try_make(config, concurrency);
    ASSERT_TRUE(made) << made.error().message;
    function_ = std::move(*made);
  }

  static Event event(std::string_view key, std::string_view data) {
    Event e;
    e.partition = Partition(3);
    e.offset = Offset(42);
    e.source = "clicks";
    e.key = key;
    e.data = Bytes::forever(data);
    return e;
  }

  Answer invoke(const std::vector<Event>& events) {
    const Request request{.events = events,
                          .request_id = "r-1",
                          .attempt = 2,
                          .timeout = timeout_,
                          .seed = 9,
                          .read_object = read_object_};
    return function_->invoke(request);
  }

  /// The row that one event's order puts.
  std::string row_of(std::string_view order) {
    const std::vector<Event> events = {event("k", order)};
    const Answer answer = invoke(events);
    if (answer.error) return "error: " + answer.error->message;
    if (!answer.failures.empty()) return "failed: " + answer.failures[0].reason;
    return answer.effects.empty() ? "" : std::string(answer.effects[0].data);
  }

  std::string error_of(std::string_view order) {
    const std::vector<Event> events = {event("k", order)};
    const Answer answer = invoke(events);
    EXPECT_THAT(answer.effects, testing::IsEmpty());
    if (!answer.error) return "no error";
    EXPECT_EQ(answer.error->fault, Fault::transient);
    return answer.error->message;
  }

  AwaitedLog log_;
  WorkerOptions options_{.program = test_folder() + "/worker_program"};
  TableReader read_row_;
  TableScanner scan_rows_;
  std::function<Result<Bytes>(const Event&, std::uint64_t)> read_object_;
  std::uint64_t memory_bytes_max_ = 256 << 20;
  Duration timeout_ = std::chrono::seconds(60);
  std::unique_ptr<WorkerFunction> function_;
};

}  // namespace tidemill

// What the tests of native functions share: the test plugins as functions, with a clock and a log
// of the test's own, and effects as lines that can be compared.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/invoke/native_function.h"
#include "core/invoke/testing/test_plugins.h"

namespace tidemill {

class RecordingLog final : public Log {
 public:
  void write(LogLevel, std::string_view sentence) override { lines.emplace_back(sentence); }
  std::vector<std::string> lines;
};

inline Event event(std::string_view key, std::string_view data) {
  Event e;
  e.partition = Partition(3);
  e.offset = Offset(42);
  e.source = "clicks";
  e.key = key;
  e.data = Bytes::forever(data);
  return e;
}

/// One effect as a line, for comparison.
inline std::string shown(const Effect& e) {
  std::string line = std::to_string(e.event) + "." + std::to_string(e.ordinal) + " " +
                     std::to_string(static_cast<int>(e.kind)) + ":" + std::to_string(e.output) +
                     " " + std::string(e.key) + "=" + std::string(e.data);
  for (const Attribute& a : e.metadata)
    line += " " + std::string(a.name) + ":" + std::string(a.value);
  return line;
}

inline std::vector<std::string> shown(const Answer& answer) {
  std::vector<std::string> lines;
  for (const Effect& e : answer.effects) lines.push_back(shown(e));
  return lines;
}

class NativeFunctionTest : public testing::Test {
 protected:
  Result<std::unique_ptr<NativeFunction>> try_make(const std::string& plugin,
                                                   const ResolvedOptions& config = {},
                                                   std::uint32_t concurrency = 0) {
    auto loaded = Plugin::load(test_plugins() + "/" + plugin + ".so");
    EXPECT_TRUE(loaded) << loaded.error().message;
    return NativeFunction::make(*loaded, config,
                                {.now = [this] { return Instant(Duration(now_.fetch_add(step_))); },
                                 .log = &log_,
                                 .read_row = read_row_,
                                 .scan_rows = scan_rows_,
                                 .memory_bytes_max = memory_bytes_max_,
                                 .function = "f"},
                                concurrency);
  }

  void make(const std::string& plugin, const ResolvedOptions& config = {},
            std::uint32_t concurrency = 0) {
    auto made = try_make(plugin, config, concurrency);
    ASSERT_TRUE(made) << made.error().message;
    function_ = std::move(*made);
  }

  Request request() {
    return {.events = events_,
            .request_id = "r-1",
            .attempt = 2,
            .timeout = std::chrono::seconds(30),
            .seed = 9,
            .read_object = read_object_};
  }

  Answer invoke(std::vector<Event> events) {
    events_ = std::move(events);
    return function_->invoke(request());
  }

  std::string error_of(std::vector<Event> events) {
    const auto answer = invoke(std::move(events));
    EXPECT_EQ(answer.keep, nullptr);
    EXPECT_THAT(answer.effects, testing::IsEmpty());
    if (!answer.error) return "no error";
    EXPECT_EQ(answer.error->fault, Fault::transient);
    return answer.error->message;
  }

  RecordingLog log_;
  std::atomic<std::int64_t> now_ = 0;
  std::int64_t step_ = 0;  ///< Microseconds that pass with each look at the clock.
  std::uint64_t memory_bytes_max_ = 1 << 20;
  TableReader read_row_;
  TableScanner scan_rows_;
  std::function<Result<Bytes>(const Event&, std::uint64_t)> read_object_;
  std::vector<Event> events_;
  std::unique_ptr<NativeFunction> function_;
};

}  // namespace tidemill

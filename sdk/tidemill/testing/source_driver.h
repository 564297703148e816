// SourceDriver: drives a Source as the engine does, on virtual time, for tests.
//
//     SourceDriver driver(scheduler, *source);
//     ASSERT_TRUE(driver.open(progress));
//     auto events = driver.poll();        // polls once; the source must have something
//     driver.begin_poll();                // ... or must not: it waits
//     EXPECT_FALSE(driver.answered());
//
// The driver outlives no poll: end one that waits with interrupt().
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <cassert>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "tidemill/source.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::testing {

inline constexpr Credit ample{.events = 1 << 20, .bytes = std::uint64_t{1} << 40, .alone = true};

class SourceDriver {
 public:
  SourceDriver(VirtualScheduler& scheduler, Source& source)
      : scheduler_(scheduler), source_(source) {}
  SourceDriver(const SourceDriver&) = delete;
  SourceDriver& operator=(const SourceDriver&) = delete;
  ~SourceDriver() {
    if (polling_) interrupt();
  }

  Result<> open(const Progress& progress) { return scheduler_.run(source_.open(progress)); }

  /// Starts a poll that take() ends.
  void begin_poll(Credit credit = ample) {
    polling_ = true;
    end_.reset();
    events_.clear();
    boost::asio::co_spawn(scheduler_.executor(), source_.poll(credit, events_),
                          [this](std::exception_ptr error, Result<PollEnd> end) {
                            if (error) std::rethrow_exception(error);
                            end_ = std::move(end);
                            polling_ = false;
                          });
  }

  /// Did the poll end? First runs what can run without moving time.
  bool answered() {
    bool reached = false;
    // A timer for now fires when nothing is ready any more.
    scheduler_.call_at(scheduler_.now(), [&reached] { reached = true; });
    scheduler_.run_until([&reached] { return reached; });
    return end_.has_value();
  }

  /// Runs on, moving time as needed, until the poll ends; asserts that it does.
  std::vector<Event> take() {
    const bool ended = scheduler_.run_until([this] { return end_.has_value(); });
    assert(ended);
    std::ignore = ended;
    return std::move(events_);
  }

  std::vector<Event> poll(Credit credit = ample) {
    begin_poll(credit);
    return take();
  }

  /// Polls to the end of a source that ends.
  std::vector<Event> drain(Credit credit = ample) {
    std::vector<Event> all;
    do {
      for (Event& event : poll(credit)) all.push_back(std::move(event));
    } while (end_->has_value() && **end_ == PollEnd::more);
    return all;
  }

  /// How the last poll ended.
  const Result<PollEnd>& end() const { return *end_; }

  void settle(const std::vector<Event>& events) {
    std::vector<Settled> settled;
    for (const Event& event : events)
      settled.push_back({event.partition, event.offset, event.subject, event.version});
    std::ignore = scheduler_.run(source_.settle(settled));
  }

  void interrupt() {
    source_.interrupt();
    scheduler_.run_until([this] { return !polling_; });
  }

 private:
  VirtualScheduler& scheduler_;
  Source& source_;
  std::vector<Event> events_;
  std::optional<Result<PollEnd>> end_;
  bool polling_ = false;
};

}  // namespace tidemill::testing

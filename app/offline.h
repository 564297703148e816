// Offline: a scheduler and a log for commands that build connectors without running them.
#pragma once

#include <string>

#include "app/session.h"
#include "core/base/asio_scheduler.h"
#include "core/dispatch/effect_expression.h"
#include "tidemill/log.h"

namespace tidemill::app {

class Offline {
 public:
  /// So many of its connectors' calls may block at a time.
  explicit Offline(const std::string& data, std::size_t blocking_threads = 1)
      : scheduler_(blocking_threads), data_(absolute(data)) {}

  Services services() {
    return {.scheduler = scheduler_,
            .log = log_,
            .data_folder = data_,
            .compile = compile_effect_expression};
  }
  AsioScheduler& scheduler() { return scheduler_; }
  Log& log() { return log_; }

 private:
  // Such a command answers on stdout and stderr itself.
  class Quiet final : public Log {
    void write(LogLevel, std::string_view) override {}
  };

  AsioScheduler scheduler_;
  Quiet log_;
  std::string data_;
};

}  // namespace tidemill::app

// RunSession: one `tidemill run`, from the checked plan to the exit code.
//
// Owns the process's scheduler and its signals: the first SIGINT or SIGTERM drains, the second one
// stops at once, and so does a drain that takes longer than its timeout. Signals have a thread of
// their own, so that this holds while a handler keeps the event loop, and from the first
// constructor of a function to the last destructor.
#pragma once

#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/admin_api.h"
#include "app/progress_line.h"
#include "app/session.h"
#include "core/admin/admin_server.h"
#include "core/base/asio_scheduler.h"
#include "core/observe/logger.h"
#include "core/observe/metrics.h"
#include "core/pipeline/engine.h"

namespace tidemill::app {

struct RunOptions {
  std::vector<std::string> paths;
  std::vector<std::string> overrides;
  std::string data = "tidemill-data";
  std::uint64_t memory_bytes = 0;
  bool until_idle = false;
  bool summary_json = false;
  std::string summary_path;
  bool fail_on_dead_letters = false;
  std::string admin_listen;  ///< HOST:PORT, "off", or empty for the default.
  std::string admin_token_path;
  Duration drain_timeout = std::chrono::seconds(25);
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
};

class RunSession {
 public:
  RunSession(Session& session, RunOptions options);
  ~RunSession();

  /// Blocks until the run is over. Returns the exit code.
  int run();

 private:
  Result<> open_admin();
  Task<> run_engine();
  // On the thread of the signals.
  void wait_for_signal();
  void on_signal();

  void drain(Instant deadline);
  int report();
  [[noreturn]] void leave(int code);

  Session& session_;
  RunOptions options_;
  AsioScheduler scheduler_;
  Logger log_;
  Metrics metrics_;
  AsioScheduler signal_loop_;
  boost::asio::signal_set signals_;
  bool signalled_ = false;  // The thread of the signals has seen one.
  std::unique_ptr<Engine> engine_;
  // One writes, one reads: a sink that blocks all of the other threads must not hold up commits.
  boost::asio::thread_pool disk_{2};
  std::optional<AdminApi> api_;
  std::optional<AdminServer> admin_;
  std::optional<ProgressLine> progress_;
  Instant started_;
  std::optional<Error> failure_;
  bool interrupted_ = false;
  std::thread signal_thread_;
};

}  // namespace tidemill::app

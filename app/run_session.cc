#include "app/run_session.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <utility>

#include "app/summary.h"
#include "core/admin/token_file.h"
#include "core/base/last_words.h"
#include "core/dispatch/effect_expression.h"
#include "core/invoke/crash_signals.h"

namespace tidemill::app {
namespace {

// As long as no call hangs; each that does brings another one, two for a connector at most.
constexpr std::size_t blocking_threads = 8;
constexpr const char* default_admin = "127.0.0.1:8787";

std::size_t cores() { return std::max(1u, std::thread::hardware_concurrency()); }

}  // namespace

RunSession::RunSession(Session& session, RunOptions options)
    : session_(session),
      options_(std::move(options)),
      scheduler_(blocking_threads),
      log_(
          options_.log_level, options_.log_format, [this] { return scheduler_.wall(); }, std::cerr),
      metrics_(TIDEMILL_VERSION),
      signal_loop_(1),
      signals_(signal_loop_.context(), SIGINT, SIGTERM),
      started_(scheduler_.now()) {
  std::signal(SIGPIPE, SIG_IGN);
  options_.data = absolute(options_.data);
}

// Functions are destroyed here, and one that hangs then must still find the signals heeded.
RunSession::~RunSession() {
  progress_.reset();
  admin_.reset();
  api_.reset();
  engine_.reset();
  signal_loop_.stop();
  if (signal_thread_.joinable()) signal_thread_.join();
}

int RunSession::run() {
  // Non-blocking functions run here, and may use up this thread's stack.
  const SignalStack stack;
  // Before any foreign code runs: a constructor may hang as well as a handler.
  wait_for_signal();
  signal_thread_ = std::thread([this] { signal_loop_.run(); });
  const Services services{.scheduler = scheduler_,
                          .log = log_,
                          .data_folder = options_.data,
                          .until_idle = options_.until_idle,
                          .compile = compile_effect_expression};
  const auto plan = load_or_complain(session_, options_.paths, options_.overrides, services);
  if (!plan) return exit_code::usage;
  auto engine = Engine::build(*plan, session_.registry, session_.plugins, scheduler_, log_,
                              {.data_folder = options_.data,
                               .until_idle = options_.until_idle,
                               .memory_bytes = options_.memory_bytes,
                               .disk = disk_.get_executor(),
                               .function_threads = cores(),
                               .metrics = &metrics_});
  if (!engine) return complain(engine.error());
  engine_ = std::move(*engine);
  if (auto opened = open_admin(); !opened) return complain(opened.error());

  progress_.emplace(scheduler_, *engine_);
  progress_->start(options_.log_format == LogFormat::text);
  spawn(scheduler_, run_engine());
  scheduler_.run();
  progress_->stop();
  const int code = report();
  if (engine_->lost_threads() > 0) leave(code);
  return code;
}

// Destroying the engine would wait for threads that do not come back.
void RunSession::leave(int code) {
  log_.write(LogLevel::warning, "leaving threads behind whose handlers did not return");
  engine_->leave();
  std::fflush(nullptr);
  ::_exit(code);
}

// The socket in the data folder is always there; the listener only where it is wanted.
Result<> RunSession::open_admin() {
  std::string listen = options_.admin_listen;
  if (listen.empty()) listen = options_.until_idle ? "off" : default_admin;
  AdminOptions options;
  options.socket_path = options_.data + "/admin.sock";
  if (listen != "off") options.listen = listen;
  if (!options_.admin_token_path.empty()) {
    auto token = read_or_make_token_file(options_.admin_token_path);
    if (!token) return std::unexpected(token.error());
    if (token->is_new)
      log_.write(LogLevel::info, "made a token for the admin API in " + options_.admin_token_path);
    options.token = std::move(token->text);
  }
  api_.emplace(scheduler_, *engine_, metrics_, options_.data);
  admin_.emplace(scheduler_, log_, api_->router(), std::move(options));
  return admin_->start();
}

Task<> RunSession::run_engine() {
  const Result<> ran = co_await engine_->run();
  if (!ran) failure_ = ran.error();
  co_await api_->close();
  co_await admin_->close();
  scheduler_.stop();
}

void RunSession::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) on_signal();
  });
}

void RunSession::on_signal() {
  if (std::exchange(signalled_, true)) {
    last_words([] { fmt::print(stderr, "\nstopped at once\n"); });
    ::_exit(exit_code::interrupted);
  }
  const Instant deadline = signal_loop_.now() + options_.drain_timeout;
  boost::asio::post(scheduler_.executor(), [this, deadline] { drain(deadline); });
  signal_loop_.call_at(deadline, [this] {
    last_words([this] {
      log_.write(LogLevel::error,
                 "the drain took longer than its timeout; what was under way is "
                 "delivered again at the next start");
    });
    ::_exit(exit_code::failed);
  });
  wait_for_signal();
}

// A handler that does not come back cannot be interrupted in process: ask it, then leave. What it
// worked on is not settled, and is delivered again at the next start.
void RunSession::drain(Instant deadline) {
  interrupted_ = true;
  progress_->stop();
  log_.write(LogLevel::info, "draining; a second signal stops at once");
  engine_->drain();
  scheduler_.call_at(deadline - options_.drain_timeout / 5,
                     [this] { engine_->cancel_functions(); });
  scheduler_.call_at(deadline - options_.drain_timeout / 10,
                     [this] { engine_->abandon_functions(); });
}

int RunSession::report() {
  const auto elapsed = std::chrono::duration_cast<Duration>(scheduler_.now() - started_);
  const auto status = engine_->status();
  const std::string json = summary_json(elapsed, status);
  if (!options_.summary_path.empty()) {
    std::ofstream file(options_.summary_path);
    file << json << '\n';
    if (!file.flush())
      fmt::print(stderr, "error: cannot write the summary to {}\n", options_.summary_path);
  }
  if (options_.summary_json) {
    fmt::print("{}\n", json);
  } else {
    fmt::print(stderr, "{}", summary_text(elapsed, status));
  }
  if (failure_) return exit_code::failed;
  if (interrupted_ && options_.until_idle) return exit_code::interrupted;
  if (options_.fail_on_dead_letters && dead_letters(status) > 0) return exit_code::dead_letters;
  return exit_code::done;
}

}  // namespace tidemill::app

#include "bench/measure/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

extern char** environ;

namespace tidemill::bench {
namespace {

double seconds(timeval t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

double seconds_of(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

pid_t start(const std::vector<std::string>& command, int output) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  require(error == 0, "cannot start " + command[0]);
  return pid;
}

Finished run_to_end(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "cannot make a pipe");
  Finished finished;
  const double started = wall_seconds();
  const pid_t pid = start(command, ends[1]);
  ::close(ends[1]);
  finished.output = read_to_end(ends[0]);
  ::close(ends[0]);
  int status = 0;
  rusage usage{};
  while (::wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  finished.wall_s = wall_seconds() - started;
  finished.user_s = seconds(usage.ru_utime);
  finished.cpu_s = finished.user_s + seconds(usage.ru_stime);
  finished.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  require(finished.exit_code == 0,
          fmt::format("{} ended with {}", fmt::join(command, " "), finished.exit_code));
  return finished;
}

std::string this_program() { return std::filesystem::read_symlink("/proc/self/exe").string(); }

double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }
double process_cpu_seconds() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }
double thread_cpu_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

void require(bool holds, const std::string& what) {
  if (holds) return;
  fmt::print(stderr, "bench: {}\n", what);
  std::exit(1);
}

}  // namespace tidemill::bench

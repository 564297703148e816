#include "core/worker/worker_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

namespace tidemill::worker {
namespace {

// Above every number that a worker finds something under, so that handing over one descriptor
// never overwrites another.
Result<Descriptor> above_handed(int fd) {
  Descriptor copy(fcntl(fd, F_DUPFD_CLOEXEC, handed::count));
  if (!copy) return fail_errno(Fault::transient, "cannot hand a descriptor to a worker");
  return copy;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// The C structs of posix_spawn, with their ends.
struct SpawnPlan {
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

// A group of its own, so that all it starts can be ended with it and a Ctrl-C meant for the engine
// does not reach it; no signal blocked or ignored.
void prepare(SpawnPlan& plan, std::span<const std::pair<int, int>> descriptors) {
  posix_spawn_file_actions_addopen(&plan.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  for (const auto& [from, to] : descriptors)
    posix_spawn_file_actions_adddup2(&plan.actions, from, to);
  posix_spawn_file_actions_addclosefrom_np(&plan.actions, handed::count);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setsigdefault(&plan.attributes, &all);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

std::string signal_name(int number) {
  const char* abbreviation = sigabbrev_np(number);
  if (abbreviation == nullptr) return fmt::format("signal {}", number);
  return fmt::format("SIG{} ({})", abbreviation, sigdescr_np(number));
}

}  // namespace

std::vector<std::string> scrubbed(char** environment) {
  constexpr std::string_view kept[] = {"PATH=", "LANG=", "LC_", "TZ="};
  std::vector<std::string> out = {"HOME=/nonexistent"};
  for (char** entry = environment; entry != nullptr && *entry != nullptr; ++entry)
    if (std::ranges::any_of(
            kept, [&](auto prefix) { return std::string_view(*entry).starts_with(prefix); }))
      out.emplace_back(*entry);
  return out;
}

Result<WorkerProcess> WorkerProcess::start(const ProcessSpec& spec) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(Fault::transient, "cannot make a pipe");
  Descriptor output(ends[0]);
  Descriptor input(ends[1]);
  fcntl(output.get(), F_SETFL, O_NONBLOCK);

  const std::pair<int, int> wanted[] = {{input.get(), STDOUT_FILENO},
                                        {input.get(), STDERR_FILENO},
                                        {spec.memory, handed::memory},
                                        {spec.wake_worker, handed::wake_worker},
                                        {spec.wake_engine, handed::wake_engine},
                                        {spec.cancel, handed::cancel}};
  std::vector<Descriptor> copies;
  std::vector<std::pair<int, int>> descriptors;
  for (const auto& [from, to] : wanted) {
    auto copy = above_handed(from);
    if (!copy) return std::unexpected(copy.error());
    copies.push_back(std::move(*copy));
    descriptors.emplace_back(copies.back().get(), to);
  }
  SpawnPlan plan;
  prepare(plan, descriptors);
  auto arguments = spec.arguments;
  auto environment = scrubbed(environ);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, spec.program.c_str(), &plan.actions, &plan.attributes,
                                pointers(arguments).data(), pointers(environment).data());
  if (error != 0)
    return fail_errno(Fault::transient, "cannot start a worker from " + spec.program, error);
  // Nobody has reaped it yet: the number cannot belong to another process.
  Descriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const int why = errno;
    kill(-pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return fail_errno(Fault::transient, "cannot watch a worker", why);
  }
  return WorkerProcess(pid, std::move(pidfd), std::move(output));
}

void WorkerProcess::signal(int number) const { kill(-pid_, number); }

bool WorkerProcess::ended() const {
  pollfd event{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  return poll(&event, 1, 0) == 1;
}

std::string WorkerProcess::reap() {
  // Until it is reaped, the group keeps its number: this reaches its members and nobody else.
  signal(SIGKILL);
  siginfo_t info{};
  if (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd_.get()), &info, WEXITED) != 0)
    return "ended";
  if (info.si_code == CLD_EXITED) return fmt::format("exited with status {}", info.si_status);
  return "was killed by " + signal_name(info.si_status);
}

}  // namespace tidemill::worker

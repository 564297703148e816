#include "core/worker/nursery.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tidemill::worker {
namespace {

// Between SIGTERM, at which a handler may still say what it was doing, and SIGKILL.
constexpr auto term_to_kill = std::chrono::milliseconds(200);

// A process that has ended but is not reaped is told of again so much later.
constexpr int remind_milliseconds = 200;

// A pipe is read so often in a row before the others are looked at.
constexpr int reads_in_a_row = 16;

// A second descriptor of a process, for as long as it is not reaped. The process ends without one.
Result<Descriptor> watch_of(WorkerProcess& process) {
  Descriptor copy(fcntl(process.pidfd(), F_DUPFD_CLOEXEC, 0));
  if (copy) return copy;
  const int why = errno;
  process.signal(SIGKILL);
  std::ignore = process.reap();
  return fail_errno(Fault::transient, "cannot watch a worker", why);
}

bool is_reaped(const Descriptor& pidfd) {
  siginfo_t info{};
  return waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd.get()), &info,
                WEXITED | WNOHANG | WNOWAIT) != 0;
}

}  // namespace

Nursery::Nursery(Environment environment)
    : environment_(std::move(environment)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

Nursery::~Nursery() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake();
  thread_.join();
}

void Nursery::wake() const {
  const std::uint64_t one = 1;
  std::ignore = write(wake_.get(), &one, sizeof one);
}

Result<WorkerProcess> Nursery::start(const ProcessSpec& spec) {
  Birth birth{.spec = &spec};
  std::unique_lock lock(mutex_);
  births_.push_back(&birth);
  wake();
  delivered_.wait(lock, [&] { return birth.done; });
  return std::move(birth.result);
}

void Nursery::bury(WorkerProcess process, Duration patience) {
  const Instant term_at = environment_.now() + patience;
  {
    const std::lock_guard lock(mutex_);
    arriving_.push_back({std::move(process), term_at, term_at + term_to_kill});
  }
  wake();
}

void Nursery::run() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      for (auto& burial : arriving_) graves_.push_back(std::move(burial));
      arriving_.clear();
      if (closing_ && births_.empty() && graves_.empty()) return;
    }
    deliver();
    listen();
    end_graves();
  }
}

void Nursery::deliver() {
  std::unique_lock lock(mutex_);
  while (!births_.empty()) {
    Birth* birth = births_.front();
    births_.pop_front();
    lock.unlock();
    birth->result = WorkerProcess::start(*birth->spec);
    Result<Descriptor> pidfd = fail(Fault::transient, "");
    if (birth->result) {
      pidfd = watch_of(*birth->result);
      if (!pidfd) birth->result = std::unexpected(pidfd.error());
    }
    if (birth->result) {
      OutputLines lines([this](std::string_view line) {
        environment_.log->write(LogLevel::info,
                                fmt::format("{} prints: {}", environment_.function, line));
      });
      children_.push_back(std::make_unique<Child>(birth->result->take_output(), std::move(*pidfd),
                                                  std::move(lines)));
    }
    lock.lock();
    birth->done = true;
    delivered_.notify_all();
  }
}

int Nursery::milliseconds_to_sleep() const {
  const bool remind = std::ranges::any_of(children_, &Child::ended);
  if (graves_.empty()) return remind ? remind_milliseconds : -1;
  Instant next = Instant::max();
  for (const Burial& grave : graves_)
    next = std::min(next, grave.asked ? grave.kill_at : grave.term_at);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - environment_.now());
  return static_cast<int>(
      std::clamp<std::int64_t>(left.count(), 0, remind ? remind_milliseconds : 1000));
}

void Nursery::listen() {
  const auto readable = [](int fd) { return pollfd{.fd = fd, .events = POLLIN, .revents = 0}; };
  std::vector<pollfd> events = {readable(wake_.get())};
  for (const auto& child : children_) {
    events.push_back(readable(child->pipe.get()));
    events.push_back(readable(child->ended ? -1 : child->pidfd.get()));
  }
  for (const auto& grave : graves_) events.push_back(readable(grave.process.pidfd()));
  if (poll(events.data(), events.size(), milliseconds_to_sleep()) > 0) {
    std::uint64_t wakes = 0;
    if (events[0].revents != 0) std::ignore = read(wake_.get(), &wakes, sizeof wakes);
    for (std::size_t i = 0; i < children_.size(); ++i) {
      if (events[2 * i + 1].revents != 0) hear(*children_[i]);
      if (events[2 * i + 2].revents != 0) children_[i]->ended = true;
    }
  }
  report_ends();
}

// Whoever has the process may be about to put it down, and not see that it has ended: it is told
// until nobody has it any more.
void Nursery::report_ends() {
  bool news = false;
  for (const auto& child : children_) {
    if (!child->ended) continue;
    if (is_reaped(child->pidfd)) {
      child->pidfd = Descriptor();
      child->ended = false;
    } else {
      news = true;
    }
  }
  std::erase_if(children_, [](const auto& child) { return !child->pipe && !child->pidfd; });
  if (news) environment_.on_end();
}

void Nursery::hear(Child& child) {
  char buffer[16 * 1024];
  for (int i = 0; i < reads_in_a_row; ++i) {
    const ssize_t size = read(child.pipe.get(), buffer, sizeof buffer);
    if (size > 0) {
      child.lines.add({buffer, static_cast<std::size_t>(size)}, environment_.now());
      continue;
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    child.lines.finish(environment_.now());
    child.pipe = Descriptor();
    return;
  }
}

void Nursery::end_graves() {
  const Instant now = environment_.now();
  std::erase_if(graves_, [&](Burial& grave) {
    if (grave.process.ended()) {
      std::ignore = grave.process.reap();
      return true;
    }
    if (!grave.asked && now >= grave.term_at) {
      grave.process.signal(SIGTERM);
      grave.asked = true;
    }
    if (grave.asked && now >= grave.kill_at) {
      grave.process.signal(SIGKILL);
      grave.kill_at = now + term_to_kill;
    }
    return false;
  });
}

}  // namespace tidemill::worker

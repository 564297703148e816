#include "core/worker/nursery.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace tidemill::worker {
namespace {

// Between SIGTERM, at which a handler may still say what it was doing, and SIGKILL.
constexpr auto term_to_kill = std::chrono::milliseconds(200);

// A pipe is read so often in a row before the others are looked at.
constexpr int reads_in_a_row = 16;

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
    if (birth->result) {
      OutputLines lines([this](std::string_view line) {
        environment_.log->write(LogLevel::info,
                                fmt::format("{} prints: {}", environment_.function, line));
      });
      voices_.push_back(std::make_unique<Voice>(birth->result->take_output(), std::move(lines)));
    }
    lock.lock();
    birth->done = true;
    delivered_.notify_all();
  }
}

int Nursery::milliseconds_to_sleep() const {
  if (graves_.empty()) return -1;
  Instant next = Instant::max();
  for (const Burial& grave : graves_)
    next = std::min(next, grave.asked ? grave.kill_at : grave.term_at);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - environment_.now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1000));
}

void Nursery::listen() {
  std::vector<pollfd> events = {{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  for (const auto& voice : voices_)
    events.push_back({.fd = voice->pipe.get(), .events = POLLIN, .revents = 0});
  for (const auto& grave : graves_)
    events.push_back({.fd = grave.process.pidfd(), .events = POLLIN, .revents = 0});
  if (poll(events.data(), events.size(), milliseconds_to_sleep()) <= 0) return;
  std::uint64_t wakes = 0;
  if (events[0].revents != 0) std::ignore = read(wake_.get(), &wakes, sizeof wakes);
  for (std::size_t i = 0; i < voices_.size(); ++i)
    if (events[i + 1].revents != 0) hear(*voices_[i]);
  if (std::erase_if(voices_, [](const auto& voice) { return !voice->pipe; }) > 0)
    environment_.on_silence();
}

void Nursery::hear(Voice& voice) {
  char buffer[16 * 1024];
  for (int i = 0; i < reads_in_a_row; ++i) {
    const ssize_t size = read(voice.pipe.get(), buffer, sizeof buffer);
    if (size > 0) {
      voice.lines.add({buffer, static_cast<std::size_t>(size)}, environment_.now());
      continue;
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    voice.lines.finish(environment_.now());
    voice.pipe = Descriptor();
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

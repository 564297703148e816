#include "core/worker/worker.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/config/scalars.h"
#include "core/worker/wire_answer.h"
#include "core/worker/wire_request.h"
#include "core/worker/wire_start.h"

namespace tidemill::worker {
namespace {

// What a handler that looks at its deadline gets to come back by itself.
constexpr Duration grace_min = std::chrono::milliseconds(50);
constexpr Duration grace_max = std::chrono::milliseconds(500);

// Longest single sleep; a deadline may lie a day ahead.
constexpr Duration sleep_max = std::chrono::hours(1);

// A batch of more than this leaves pages behind that the next does not need.
constexpr std::uint64_t large_bytes = std::uint64_t{4} << 20;

// The engine's writes do not wait: a worker that fills one of these, by a stray write, must not
// hold the engine up.
Descriptor wake_up() { return Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

bool watch(const Descriptor& by, int fd, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = fd}};
  return epoll_ctl(by.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void ring(const Descriptor& bell) {
  const std::uint64_t one = 1;
  std::ignore = write(bell.get(), &one, sizeof one);
}

constexpr std::string_view broke_the_rules = "the worker broke the rules of its channel";

}  // namespace

Worker::Worker(const WorkerSpec& spec, Channel channel, WakePipe wake_worker,
               Descriptor wake_engine, Descriptor cancel, Descriptor awaited, WorkerProcess process)
    : spec_(spec),
      channel_(std::move(channel)),
      wake_worker_(std::move(wake_worker)),
      wake_engine_(std::move(wake_engine)),
      cancel_(std::move(cancel)),
      process_(std::move(process)),
      awaited_(std::move(awaited)),
      placement_(process_.pid()),
      port_(channel_.to_worker(), channel_.to_engine(), wake_worker_.writes.get(),
            wake_engine_.get()),
      host_calls_(spec.host, channel_, port_),
      started_(spec.host.now()) {}

bool Worker::listen() {
  // By the edge: a wake-up needs no read to be forgotten.
  return watch(awaited_, wake_engine_.get(), EPOLLIN | EPOLLET) &&
         watch(awaited_, process_.pidfd(), EPOLLIN) &&
         watch(awaited_, spec_.stop->descriptor(), EPOLLIN | EPOLLET);
}

Result<std::unique_ptr<Worker>> Worker::start(const WorkerSpec& spec, Nursery& nursery) {
  auto channel = Channel::create(spec.host.memory_bytes_max);
  if (!channel) return std::unexpected(channel.error());
  auto wake_worker = WakePipe::create();
  if (!wake_worker) return std::unexpected(wake_worker.error());
  Descriptor wake_engine = wake_up(), cancel = wake_up();
  Descriptor awaited(epoll_create1(EPOLL_CLOEXEC));
  if (!wake_engine || !cancel || !awaited)
    return fail_errno(Fault::transient, "cannot make what wakes a worker");
  const Start start{.plugin = spec.plugin->path(),
                    .function = spec.host.function,
                    .config = spec.config,
                    .memory_bytes_max = spec.host.memory_bytes_max,
                    .engine = static_cast<std::uint64_t>(getpid())};
  const auto written = write_start(channel->request(), start);
  if (!written) return std::unexpected(written.error());
  auto process = nursery.start({.program = spec.program,
                                .arguments = {"tidemill", "worker", spec.host.function},
                                .memory = channel->descriptor(),
                                .wake_worker = wake_worker->reads.get(),
                                .wake_engine = wake_engine.get(),
                                .cancel = cancel.get()});
  if (!process) return std::unexpected(process.error());
  std::unique_ptr<Worker> worker(new Worker(spec, std::move(*channel), std::move(*wake_worker),
                                            std::move(wake_engine), std::move(cancel),
                                            std::move(awaited), std::move(*process)));
  if (!worker->listen()) {
    const int why = errno;
    retire(std::move(worker), nursery, Duration(0));
    return fail_errno(Fault::transient, "cannot wait for a worker", why);
  }
  worker->port_.post({.word = Word::start, .bytes = *written});
  auto ready = worker->await_ready();
  if (ready) return worker;
  if (const auto how = worker->ended())
    return fail(Fault::transient, fmt::format("its worker {} while it started", *how));
  retire(std::move(worker), nursery, Duration(0));
  return std::unexpected(ready.error());
}

Result<> Worker::await_ready() {
  Message message;
  switch (next(started_ + spec_.start_timeout, true, message)) {
    case Arrival::died:
      return fail(Fault::transient, "its worker ended");
    case Arrival::late:
      if (spec_.stop->rung())
        return fail(Fault::cancelled, "its worker was stopped with the engine while it started");
      return fail(Fault::transient,
                  fmt::format("its worker was not ready after {}",
                              config::show_duration(spec_.start_timeout.count())));
    case Arrival::message:
      break;
  }
  const auto area = channel_.call();
  const std::string said(area.data(), std::min<std::uint64_t>(message.bytes, area.size()));
  if (message.word == Word::refused)
    return fail(message.status == static_cast<std::uint32_t>(Fault::bad_config) ? Fault::bad_config
                                                                                : Fault::transient,
                said);
  if (message.word != Word::ready) return fail(Fault::transient, std::string(broke_the_rules));
  if (said != spec_.plugin->binary_hash())
    return fail(Fault::transient,
                spec_.plugin->path() + " has changed since the engine started; restart the engine");
  request_seen_at_ = message.number;
  return {};
}

std::optional<std::string> Worker::ended() {
  if (!process_.ended()) return std::nullopt;
  return process_.reap();
}

void Worker::retire(std::unique_ptr<Worker> worker, Nursery& nursery, Duration patience) {
  if (patience > Duration(0)) worker->port_.post({.word = Word::quit});
  nursery.bury(std::move(worker->process_), patience);
}

Worker::Arrival Worker::next(Instant deadline, bool heed_stop, Message& message) {
  for (;;) {
    if (auto arrived = port_.take()) {
      message = *arrived;
      return Arrival::message;
    }
    if (heed_stop && spec_.stop->rung()) return Arrival::late;
    const auto left = deadline - spec_.host.now();
    if (left <= left.zero()) return Arrival::late;
    if (!port_.may_sleep()) continue;
    const auto sleep =
        std::chrono::ceil<std::chrono::milliseconds>(std::min<std::chrono::nanoseconds>(
            left, placement_.follows() ? Placement::patience : sleep_max));
    epoll_event events[3];
    const int woken = epoll_wait(awaited_.get(), events, 3, static_cast<int>(sleep.count()));
    if (woken == 0) placement_.release();
    const bool ended = std::any_of(events, events + std::max(woken, 0), [&](const auto& event) {
      return event.data.fd == process_.pidfd();
    });
    if (!ended) continue;
    // Its last words count.
    auto last = port_.take();
    if (!last) return Arrival::died;
    message = *last;
    return Arrival::message;
  }
}

Error Worker::timed_out(const Request& request) const {
  if (spec_.stop->rung())
    return {Fault::cancelled, fmt::format("function {} was stopped with the engine; its worker was "
                                          "killed",
                                          spec_.host.function)};
  return {Fault::transient,
          fmt::format("function {} took longer than its timeout of {}; its worker was killed",
                      spec_.host.function, config::show_duration(request.timeout.count()))};
}

End Worker::run(const Request& request, Answer& answer) {
  const auto written = write_request(channel_.request(), request, ++invocation_, request_seen_at_);
  if (!written) {
    answer.error = written.error();
    return End::reusable;
  }
  std::ignore = host_calls_.take_reads();  // Of a batch that had no answer.
  placement_.begin();
  const Instant posted = spec_.host.now();
  port_.post({.word = Word::invoke, .bytes = *written, .number = invocation_});

  Instant deadline = posted + request.timeout;
  bool told = false;
  bool asked = false;
  for (;;) {
    Message message;
    // A handler that keeps asking never leaves next() waiting.
    const bool late = std::exchange(asked, false) && spec_.host.now() >= deadline;
    switch (late ? Arrival::late : next(deadline, !told, message)) {
      case Arrival::died: {
        const bool began = port_.other_took();
        const std::string how = process_.reap();
        if (!began) return End::never_began;
        answer.error = Error{Fault::transient,
                             fmt::format("function {}: its worker {}", spec_.host.function, how)};
        return End::died;
      }
      case Arrival::late:
        if (told) {
          answer.error = timed_out(request);
          return End::stuck;
        }
        told = true;
        ring(cancel_);
        deadline = spec_.host.now() + std::clamp(request.timeout / 10, grace_min, grace_max);
        asked = late;
        continue;
      case Arrival::message:
        break;
    }
    if (message.word == Word::answer) {
      bool broken = false;
      answer = take_answer(request, message, broken);
      if (*written > large_bytes || message.bytes > large_bytes) channel_.trim();
      placement_.end(std::chrono::duration_cast<Duration>(spec_.host.now() - posted));
      if (broken) return End::stuck;
      return told ? End::used_up : End::reusable;
    }
    if (!host_calls_.serve(request, message)) {
      answer.error = Error{Fault::transient, fmt::format("function {}: {}; it was killed",
                                                         spec_.host.function, broke_the_rules)};
      return End::stuck;
    }
    asked = true;
  }
}

Answer Worker::take_answer(const Request& request, const Message& message, bool& broken) {
  Answer answer;
  const auto area = channel_.answer();
  Result<> read;
  if (message.number != invocation_ || message.bytes > area.size()) {
    read = fail(Fault::transient, std::string(broke_the_rules));
    broken = true;
  } else {
    // What was checked must not change any more: it is checked in memory of the engine's own.
    std::shared_ptr<char[]> copy(new char[message.bytes]);
    std::memcpy(copy.get(), area.data(), message.bytes);
    read = read_answer(spec_.plugin->decl(), request, invocation_, std::move(copy), message.bytes,
                       answer);
  }
  if (!read) answer.error = read.error();
  answer.reads = host_calls_.take_reads();
  answer.bytes = message.bytes;
  return answer;
}

}  // namespace tidemill::worker

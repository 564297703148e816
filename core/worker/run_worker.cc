#include "core/worker/run_worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "core/base/asio_scheduler.h"
#include "core/config/scalars.h"
#include "core/invoke/native_function.h"
#include "core/worker/channel.h"
#include "core/worker/engine_calls.h"
#include "core/worker/wire_answer.h"
#include "core/worker/wire_request.h"
#include "core/worker/wire_start.h"
#include "core/worker/worker_process.h"

namespace tidemill {
namespace {

using worker::Channel;
using worker::EngineCalls;
using worker::Message;
using worker::Port;
using worker::Word;

// A sanitizer maps terabytes for its own use: no limit leaves it room.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

// What the process has of private writable memory: what RLIMIT_DATA counts.
std::uint64_t data_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::uint64_t kib = 0;
  while (status >> word)
    if (word == "VmData:") status >> kib;
  return kib * 1024;
}

// No core dumps, and no more memory than `bytes` beyond what an empty worker has. RLIMIT_DATA and
// not RLIMIT_AS: libraries, address space that is only reserved, and the channel do not count.
void limit(std::uint64_t bytes) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  if constexpr (sanitized) return;
  const rlim_t most = data_bytes() + bytes;
  const rlimit data{most, most};
  setrlimit(RLIMIT_DATA, &data);
}

// Whether an allocation failed since it was last cleared: what a handler says of it rarely names
// the limit.
std::atomic<bool> memory_ran_out = false;

void note_memory_ran_out() {
  memory_ran_out = true;
  throw std::bad_alloc();
}

// Hurries the handler up when the engine rings. Its thread sleeps until then, and ends with the
// process.
class Canceller {
 public:
  Canceller() {
    std::thread([this] {
      // It does not block, for the engine's sake.
      pollfd bell{.fd = worker::handed::cancel, .events = POLLIN, .revents = 0};
      std::uint64_t rings = 0;
      while (poll(&bell, 1, -1) == 1 || errno == EINTR) {
        if (read(worker::handed::cancel, &rings, sizeof rings) != sizeof rings) continue;
        const std::lock_guard lock(mutex_);
        if (function_ != nullptr) function_->cancel();
      }
    }).detach();
  }

  void watch(NativeFunction* function) {
    const std::lock_guard lock(mutex_);
    function_ = function;
  }

 private:
  std::mutex mutex_;
  NativeFunction* function_ = nullptr;
};

void serve(const Channel& channel, Port& port, EngineCalls& engine, NativeFunction& function,
           std::uint64_t memory_bytes_max) {
  worker::ReadRequest incoming;
  incoming.events.read_object = [&engine](std::size_t event, std::uint64_t bytes_max) {
    return engine.read_object(event, bytes_max);
  };
  for (;;) {
    const Message message = port.wait();
    if (message.word != Word::invoke) return;
    Answer answer;
    memory_ran_out = false;
    try {
      const auto area = channel.request();
      if (auto ok = worker::read_request({area.data(), message.bytes}, incoming); ok) {
        answer = function.invoke(incoming.request, incoming.events);
      } else {
        answer.error = ok.error();
      }
    } catch (const std::bad_alloc&) {
      answer = Answer();
      answer.error = Error{Fault::transient, "the worker ran out of memory"};
    }
    if (answer.error && memory_ran_out)
      answer.error->message += fmt::format("; a worker of this function may take {} (memory:)",
                                           config::show_bytes(memory_bytes_max));
    const auto bytes =
        worker::write_answer(channel.answer(), message.number, incoming.events.events, answer);
    // The response is freed while it is still this side's turn: what the plugin does wrong there
    // falls into this batch.
    answer = Answer();
    port.post({.word = Word::answer, .bytes = bytes, .number = message.number});
  }
}

Result<std::unique_ptr<NativeFunction>> load(const worker::Start& start, EngineCalls& engine,
                                             std::string& hash) {
  auto plugin = Plugin::load(start.plugin);
  if (!plugin) return std::unexpected(plugin.error());
  hash = (*plugin)->binary_hash();
  NativeHost host{
      .now = &steady_now,
      .log = &engine,
      .read_row = [&engine](auto table, auto key, auto&) { return engine.read_row(table, key); },
      .scan_rows = [&engine](const TableScan& scan, auto&) { return engine.scan_rows(scan); },
      .memory_bytes_max = start.memory_bytes_max,
      .function = start.function};
  return NativeFunction::make(*plugin, start.config, std::move(host));
}

}  // namespace

int run_worker() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "tidemill-worker");
  auto channel = Channel::attach(Descriptor(worker::handed::memory));
  if (!channel) {
    fmt::print(stderr, "tidemill worker: {}; the engine starts this by itself\n",
               channel.error().message);
    return 2;
  }
  Port port(channel->to_engine(), channel->to_worker(), worker::handed::wake_engine,
            worker::handed::wake_worker);
  EngineCalls engine(*channel, port);
  // It was written before this process began. The engine may have died before this process asked to
  // be told: nobody would ever post anything.
  const auto start = worker::read_start({channel->request().data(), channel->request().size()});
  if (!start || static_cast<std::uint64_t>(getppid()) != start->engine) return 2;
  if (port.wait().word != Word::start) return 2;

  static Canceller canceller;
  limit(start->memory_bytes_max);
  std::set_new_handler(&note_memory_ran_out);
  std::string hash;
  auto function = load(*start, engine, hash);
  if (!function) {
    engine.report(Word::refused, static_cast<std::uint32_t>(function.error().fault),
                  function.error().message);
    std::ignore = port.wait();
    return 2;
  }
  canceller.watch(function->get());
  engine.report(Word::ready, 0, hash);
  serve(*channel, port, engine, **function, start->memory_bytes_max);
  canceller.watch(nullptr);
  return 0;
}

}  // namespace tidemill

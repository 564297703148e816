#include "core/worker/channel.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

namespace tidemill::worker {
namespace {

constexpr std::size_t page_bytes = 4096;

// What an area keeps of its pages between batches.
constexpr std::size_t warm_bytes = std::size_t{4} << 20;

struct Control {
  Mailbox to_worker;
  Mailbox to_engine;
};
static_assert(sizeof(Control) <= page_bytes);

constexpr std::size_t head_bytes = page_bytes + Channel::call_bytes;

}  // namespace

Channel::Channel(Descriptor memory, char* base, std::size_t area_bytes)
    : memory_(std::move(memory)), base_(base), area_bytes_(area_bytes) {}

Channel::Channel(Channel&& other) noexcept
    : memory_(std::move(other.memory_)),
      base_(std::exchange(other.base_, nullptr)),
      area_bytes_(other.area_bytes_) {}

Channel::~Channel() {
  if (base_ != nullptr) munmap(base_, head_bytes + 2 * area_bytes_);
}

Result<Channel> Channel::create(std::size_t area_bytes) {
  area_bytes = std::min(area_bytes, area_bytes_max);
  area_bytes = (area_bytes + page_bytes - 1) / page_bytes * page_bytes;
  Descriptor memory(memfd_create("tidemill-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return fail_errno(Fault::transient, "cannot make memory to share with a worker");
  const std::size_t bytes = head_bytes + 2 * area_bytes;
  if (ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0 ||
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return fail_errno(Fault::transient, "cannot size the memory to share with a worker");
  void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (base == MAP_FAILED)
    return fail_errno(Fault::transient, "cannot map the memory to share with a worker");
  new (base) Control{};
  return Channel(std::move(memory), static_cast<char*>(base), area_bytes);
}

Result<Channel> Channel::attach(Descriptor memory) {
  struct stat status{};
  if (fstat(memory.get(), &status) != 0)
    return fail_errno(Fault::transient, "no memory was handed over");
  const auto bytes = static_cast<std::size_t>(status.st_size);
  if (bytes <= head_bytes) return fail(Fault::transient, "the memory handed over is too small");
  void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (base == MAP_FAILED) return fail_errno(Fault::transient, "cannot map the memory handed over");
  Channel channel(std::move(memory), static_cast<char*>(base), (bytes - head_bytes) / 2);
  // A handler that writes through a wild pointer must not change the batch it is working on.
  const auto request = channel.request();
  if (mprotect(request.data(), request.size(), PROT_READ) != 0)
    return fail_errno(Fault::transient, "cannot protect the memory handed over");
  return channel;
}

Mailbox& Channel::to_worker() const { return reinterpret_cast<Control*>(base_)->to_worker; }
Mailbox& Channel::to_engine() const { return reinterpret_cast<Control*>(base_)->to_engine; }
std::span<char> Channel::call() const { return {base_ + page_bytes, call_bytes}; }
std::span<char> Channel::request() const { return {base_ + head_bytes, area_bytes_}; }
std::span<char> Channel::answer() const { return {base_ + head_bytes + area_bytes_, area_bytes_}; }

void Channel::trim() {
  if (area_bytes_ <= warm_bytes) return;
  const auto cold = static_cast<off_t>(area_bytes_ - warm_bytes);
  for (const std::size_t area : {head_bytes, head_bytes + area_bytes_})
    // Memory that cannot be given back now is given back with the worker.
    std::ignore = fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                            static_cast<off_t>(area + warm_bytes), cold);
}

Result<WakePipe> WakePipe::create() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail_errno(Fault::transient, "cannot make a pipe");
  WakePipe pipe{.reads = Descriptor(ends[0]), .writes = Descriptor(ends[1])};
  if (fcntl(pipe.writes.get(), F_SETFL, O_NONBLOCK) != 0)
    return fail_errno(Fault::transient, "cannot keep a pipe from blocking");
  return pipe;
}

Port::Port(Mailbox& out, Mailbox& in, int wake_other, int wake_own)
    : out_(out), in_(in), wake_other_(wake_other), wake_own_(wake_own) {}

void Port::post(const Message& message) {
  out_.message = message;
  // In one total order with may_sleep(): either the reader sees the message, or this side sees that
  // the reader sleeps.
  out_.sequence.store(++sent_, std::memory_order_seq_cst);
  if (out_.sleeping.load(std::memory_order_seq_cst) == 0) return;
  out_.sleeping.store(0, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  std::ignore = write(wake_other_, &one, sizeof one);
}

std::optional<Message> Port::take() {
  const std::uint32_t sequence = in_.sequence.load(std::memory_order_acquire);
  if (sequence == received_) return std::nullopt;
  Message message = in_.message;
  // Out of turn: the other side is broken, and no word is what its message says.
  if (sequence != received_ + 1) message.word = Word::none;
  received_ = sequence;
  out_.taken.store(sequence, std::memory_order_release);
  return message;
}

bool Port::may_sleep() {
  in_.sleeping.store(1, std::memory_order_seq_cst);
  if (in_.sequence.load(std::memory_order_seq_cst) == received_) return true;
  in_.sleeping.store(0, std::memory_order_relaxed);
  return false;
}

Message Port::wait() {
  for (;;) {
    if (auto message = take()) return *message;
    std::uint64_t wakes = 0;
    // Where nobody is left to write, the engine has ended, and this process ends with it.
    if (may_sleep() && read(wake_own_, &wakes, sizeof wakes) == 0) pause();
  }
}

bool Port::other_took() const { return in_.taken.load(std::memory_order_acquire) == sent_; }

}  // namespace tidemill::worker

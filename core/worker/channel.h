// Channel: the memory that the engine shares with one worker process, and the two mailboxes in it.
//
// The two sides take turns. A side posts one message and then waits for one; nobody speaks out of
// turn, so that there is never more than one message under way and nothing to queue. Texts and
// batches lie in the areas that a message speaks of. docs/internals/worker-channel.md has the
// rules.
//
// The memory is a memfd whose size is sealed: pages that nobody touches cost nothing, and neither
// side can make the other fault by cutting it short. A waiting side sleeps at once: spinning would
// only take the processor from the other side, see placement.h.
//
// Thread safety: each side has one Port, used by one thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill::worker {

/// What a message says. What the numbers of a Message mean stands with each word.
enum class Word : std::uint32_t {
  none = 0,
  // The engine's.
  start = 1,   ///< In the request area, before the process exists: what to run.
  invoke = 2,  ///< `bytes`: of the request area.
  resume = 3,  ///< What the worker asked for. `status`, `number`: its whole size, `bytes`: of the
               ///< call area, `flag`: a row was found.
  quit = 4,
  // The worker's.
  ready = 16,        ///< `bytes`: of the call area, the hash of the plugin that was loaded;
                     ///< `number`: the address at which it sees the request area.
  refused = 17,      ///< It cannot start. `status`: a Fault, `bytes`: of the call area, the reason.
  answer = 18,       ///< `bytes`: of the answer area; `number`: the invocation it answers.
  read_object = 19,  ///< `number`: index of the event, `limit`: most bytes.
  read_row = 20,     ///< The call area has the table (`number` bytes) and the key (`limit` bytes).
  read_on = 21,      ///< The next piece of what was read.
  log = 22,          ///< `number`: the level, `bytes`: of the call area, the sentence.
  scan_rows = 23,    ///< `bytes`: of the call area, what scan_text() makes.
};

struct Message {
  Word word = Word::none;
  std::uint32_t status = 0;
  std::uint32_t flag = 0;
  std::uint32_t reserved = 0;
  std::uint64_t bytes = 0;
  std::uint64_t number = 0;
  std::uint64_t limit = 0;
};

/// One direction. On cache lines of its own; atomics that work between processes.
struct alignas(64) Mailbox {
  std::atomic<std::uint32_t> sequence;  ///< Counts the messages posted.
  std::atomic<std::uint32_t> sleeping;  ///< The reader wants to be woken.
  std::atomic<std::uint32_t> taken;     ///< The last sequence of the *other* box that was read.
  std::uint32_t reserved;
  Message message;
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

class Channel {
 public:
  /// Room for what a call of the host asks and is answered at a time; larger goes in pieces.
  static constexpr std::size_t call_bytes = std::size_t{1} << 20;
  /// Offsets in the areas are 32 bits wide.
  static constexpr std::size_t area_bytes_max = (std::size_t{1} << 32) - 4096;

  /// New memory with a request and an answer area of at least `area_bytes` each. Errors: transient.
  static Result<Channel> create(std::size_t area_bytes);

  /// The memory behind a descriptor that the engine handed over. Errors: transient.
  static Result<Channel> attach(Descriptor memory);

  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&&) = delete;
  ~Channel();

  int descriptor() const { return memory_.get(); }
  Mailbox& to_worker() const;
  Mailbox& to_engine() const;
  std::span<char> call() const;
  std::span<char> request() const;  ///< A worker may only read it.
  std::span<char> answer() const;

  /// Gives pages back that only an unusually large batch needs. The engine's, while the worker
  /// waits.
  void trim();

 private:
  Channel(Descriptor memory, char* base, std::size_t area_bytes);

  Descriptor memory_;
  char* base_;
  std::size_t area_bytes_;
};

/// What wakes a worker: it blocks in its read, which is one call, and the engine's write does not
/// block, whatever the worker does to its end. An eventfd has only one such flag for both. The
/// engine keeps both ends: writing to a worker that has gone is no error then.
struct WakePipe {
  /// Errors: transient.
  static Result<WakePipe> create();

  Descriptor reads;
  Descriptor writes;
};

/// One side's way to speak and to listen. The descriptors outlive it.
class Port {
 public:
  /// `wake_other` does not block when it is written to. Only wait() needs a `wake_own`, which
  /// blocks when it is read.
  Port(Mailbox& out, Mailbox& in, int wake_other, int wake_own);

  void post(const Message& message);

  /// The next message if it is there.
  std::optional<Message> take();

  /// Asks to be woken through `wake_own`. False when a message is there already: do not sleep.
  bool may_sleep();

  /// Sleeps until the next message, in a read of `wake_own`.
  Message wait();

  /// Whether the other side has read the last message posted.
  bool other_took() const;

 private:
  Mailbox& out_;
  Mailbox& in_;
  const int wake_other_;
  const int wake_own_;
  std::uint32_t sent_ = 0;
  std::uint32_t received_ = 0;
};

}  // namespace tidemill::worker

// WorkerProcess: one child process in a process group of its own, from start to burial.
//
// It is started without a copy of the engine's memory (posix_spawn), with nothing of the engine's
// but four descriptors, a pipe for what it prints, and an environment without secrets. The kernel
// ends it when the engine dies - to be exact, when the *thread* that started it ends, which is why
// all are started by one thread that lives as long as they (nursery.h).
//
// Thread safety: none but signal(); one owner at a time. It is not reaped by the destructor.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill::worker {

/// The numbers under which a worker finds what it was handed.
namespace handed {
inline constexpr int memory = 3;
inline constexpr int wake_worker = 4;
inline constexpr int wake_engine = 5;
inline constexpr int cancel = 6;
inline constexpr int count = 7;
}  // namespace handed

struct ProcessSpec {
  std::string program;
  std::vector<std::string> arguments;  ///< From argv[0] on.
  int memory = -1;
  int wake_worker = -1;
  int wake_engine = -1;
  int cancel = -1;
};

class WorkerProcess {
 public:
  /// Errors: transient.
  static Result<WorkerProcess> start(const ProcessSpec& spec);

  pid_t pid() const { return pid_; }

  /// Readable once the process has ended.
  int pidfd() const { return pidfd_.get(); }

  /// The read end of what it prints; does not block. To be taken once.
  Descriptor take_output() { return std::move(output_); }

  /// To the whole group, whatever became of its leader. Not after reap().
  void signal(int number) const;

  /// Whether the process has ended; does not wait.
  bool ended() const;

  /// Ends what is left of the group and takes the process out of the kernel's table. Precondition:
  /// it has ended. Answers how, as the rest of a sentence: "was killed by SIGSEGV".
  std::string reap();

 private:
  WorkerProcess(pid_t pid, Descriptor pidfd, Descriptor output)
      : pid_(pid), pidfd_(std::move(pidfd)), output_(std::move(output)) {}

  pid_t pid_;
  Descriptor pidfd_;
  Descriptor output_;
};

/// What of an environment a worker may see: paths, language and time zone.
std::vector<std::string> scrubbed(char** environment);

}  // namespace tidemill::worker

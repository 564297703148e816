// One command run to its end, and what the kernel says it cost. A bench whose claim is about the
// whole product, memory included, runs the product as a process of its own.
//
// The kernel counts the memory of the process that starts a command into the command's peak, so a
// bench that reads `peak_mib` must itself stay small.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tidemill::bench {

struct Finished {
  int exit_code = 0;
  double wall_s = 0;
  double cpu_s = 0;   ///< User and system, over all threads.
  double user_s = 0;  ///< The part of it outside the kernel.
  double peak_mib = 0;
  std::string output;  ///< What it wrote to stdout.
};

/// Starts `command` with `output` as its stdout and does not wait for it. Ends the bench, with a
/// sentence, when it cannot start.
pid_t start(const std::vector<std::string>& command, int output);

/// Starts `command`, reads all it writes to stdout and waits for it; stderr stays where it is.
/// Ends the bench, with a sentence, when the command cannot start or fails.
Finished run_to_end(const std::vector<std::string>& command);

/// The file this process was started from: a bench runs its other arm as a process too.
std::string this_program();

/// Seconds from some fixed moment on; of the clock on the wall, and of CPU time.
double wall_seconds();
double process_cpu_seconds();
double thread_cpu_seconds();

/// Ends the bench with `what` on stderr unless it holds.
void require(bool holds, const std::string& what);

}  // namespace tidemill::bench

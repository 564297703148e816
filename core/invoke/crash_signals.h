// Crash signals: which thread a fatal signal hit. While a thread runs foreign code it names a place
// for the mark; when SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGABRT ends the process, the signal's
// number is written there first. The process then ends as it would have: handlers that were there
// before (a sanitizer's) run, cores are dumped.
//
// SIGKILL leaves no mark, and neither does a signal that another process sent: what a batch did not
// do is not held against it.
#pragma once

#include <cstdint>
#include <memory>

namespace tidemill {

/// Installs the handlers, once per process.
void install_crash_signals();

/// Where a fatal signal of the calling thread leaves its number; null: nowhere.
void set_crash_mark(std::uint32_t* mark);

/// A stack for the handler, for as long as this lives: a thread that has used up its own could not
/// leave a mark otherwise. Made and destroyed on its thread; does nothing where there is one.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  std::unique_ptr<char[]> memory_;
};

}  // namespace tidemill

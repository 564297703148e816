// Crash signals: which thread a fatal signal hit. While a thread runs foreign code it names a place
// for the mark; when SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGABRT ends the process, the signal's
// number is written there first. The process then ends as it would have: handlers that were there
// before (a sanitizer's) run, cores are dumped.
//
// A thread that runs no foreign code as far as anybody knows may still be one that a handler has
// started: where such a thread has named no place, a witness is asked instead.
//
// SIGKILL leaves no mark, and neither does a signal that another process sent, nor one that hits a
// forked child: what a batch did not do is not held against it.
#pragma once

#include <cstdint>
#include <memory>

namespace tidemill {

/// Installs the handlers, once; from now on it is this process that they watch, and no fork of it.
void install_crash_signals();

/// Where a fatal signal of the calling thread leaves its number; null: nowhere.
void set_crash_mark(std::uint32_t* mark);

/// The calling thread is about to abort over what is in the record already.
void leave_no_crash_mark();

/// Called in the handler, for a signal of a thread without a mark: async-signal-safe.
class CrashWitness {
 public:
  virtual void saw(std::uint32_t number) noexcept = 0;

 protected:
  ~CrashWitness() = default;
};

/// Replaces the witness; null: there is none.
void set_crash_witness(CrashWitness* witness);

/// Removes this one, if it is the witness still.
void remove_crash_witness(CrashWitness* witness);

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

#include "core/invoke/crash_signals.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>

namespace tidemill {
namespace {

constexpr std::array signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr std::size_t stack_bytes = 64 * 1024;

constinit thread_local std::uint32_t* crash_mark = nullptr;

// A place for marks that say nothing new.
constinit std::uint32_t no_mark = 0;

std::atomic<CrashWitness*> witness = nullptr;
std::atomic<pid_t> watched = 0;

// What was there before, by signal. Written before the handler is installed.
std::array<struct sigaction, 32> previous;

// The kernel's own signals have a positive code; abort() sends one to this very process.
bool of_our_own(const siginfo_t& info) { return info.si_code > 0 || info.si_pid == ::getpid(); }

// Only async-signal-safe calls from here on.
void leave_mark(std::uint32_t number) {
  if (crash_mark != nullptr) {
    std::atomic_ref(*crash_mark).store(number, std::memory_order_relaxed);
  } else if (CrashWitness* const seeing = witness.load(); seeing != nullptr) {
    seeing->saw(number);
  }
}

void on_fatal(int number, siginfo_t* info, void* context) {
  if (of_our_own(*info) && ::getpid() == watched.load())
    leave_mark(static_cast<std::uint32_t>(number));
  const struct sigaction& before = previous[static_cast<std::size_t>(number)];
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    before.sa_sigaction(number, info, context);
    return;
  }
  if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
    return;
  }
  struct sigaction ordinary{};
  ordinary.sa_handler = SIG_DFL;
  ::sigaction(number, &ordinary, nullptr);
  // A faulting instruction runs again and faults again, with its own address in the core. What was
  // sent has to be sent again; it arrives when this handler returns.
  if (info->si_code <= 0) ::raise(number);
}

}  // namespace

void install_crash_signals() {
  watched.store(::getpid());
  static std::once_flag once;
  std::call_once(once, [] {
    for (const int number : signals) {
      struct sigaction& before = previous[static_cast<std::size_t>(number)];
      ::sigaction(number, nullptr, &before);
      struct sigaction action{};
      action.sa_sigaction = &on_fatal;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK;
      ::sigemptyset(&action.sa_mask);
      ::sigaction(number, &action, nullptr);
    }
  });
}

void set_crash_mark(std::uint32_t* mark) {
  crash_mark = mark;
  // The mark may be needed by the next instruction.
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void leave_no_crash_mark() { set_crash_mark(&no_mark); }

void set_crash_witness(CrashWitness* seeing) { witness.store(seeing); }

void remove_crash_witness(CrashWitness* seeing) {
  witness.compare_exchange_strong(seeing, nullptr);
}

SignalStack::SignalStack() {
  stack_t now{};
  if (::sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return;
  memory_ = std::make_unique<char[]>(stack_bytes);
  stack_t stack{};
  stack.ss_sp = memory_.get();
  stack.ss_size = stack_bytes;
  if (::sigaltstack(&stack, nullptr) != 0) memory_.reset();
}

SignalStack::~SignalStack() {
  if (!memory_) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
}

}  // namespace tidemill

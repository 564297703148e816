#include "tests/sim/at_abort.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <tuple>

// There where a sanitizer is linked.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace tidemill::sim {
namespace {

constexpr std::size_t words_max = 512;
char words[words_max];
std::atomic<std::size_t> length = 0;

// Once: a sanitizer that has spoken may abort.
void speak() {
  std::size_t left = length.exchange(0);
  const char* from = words;
  while (left > 0) {
    const ssize_t written = ::write(STDERR_FILENO, from, left);
    if (written <= 0) return;
    from += written;
    left -= static_cast<std::size_t>(written);
  }
}

extern "C" void speak_at_signal(int signal) {
  speak();
  ::raise(signal);  // By now it does what it does to others.
}

bool listen() {
  struct sigaction action{};
  action.sa_handler = speak_at_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGABRT, &action, nullptr);
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(speak);  // It has handlers of its own for the others.
  } else {
    for (const int fatal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) ::sigaction(fatal, &action, nullptr);
  }
  return true;
}

}  // namespace

void say_at_abort(std::string_view text) {
  static const bool listening = listen();
  std::ignore = listening;
  length = 0;
  const std::size_t size = std::min(text.size(), words_max);
  std::copy_n(text.data(), size, words);
  length = size;
}

}  // namespace tidemill::sim

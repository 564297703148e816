#include "core/worker/placement.h"

#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

namespace tidemill::worker {
namespace {

// Quick, with room for waking up another processor.
constexpr Duration quick_max = std::chrono::microseconds(150);

// One that follows may have waited for its turn: it is given more.
constexpr Duration follower_max = std::chrono::milliseconds(1);

// So many quick batches in a row make a worker follow.
constexpr int quick_enough = 16;

}  // namespace

Placement::Placement(pid_t pid) : pid_(pid) {
  CPU_ZERO(&anywhere_);
  // Without a set to go back to, it stays where it is.
  if (sched_getaffinity(pid, sizeof anywhere_, &anywhere_) != 0) CPU_ZERO(&anywhere_);
}

void Placement::begin() {
  if (quick_ < quick_enough || CPU_COUNT(&anywhere_) < 2) return;
  const int here = sched_getcpu();
  if (here == processor_ || here < 0 || !CPU_ISSET(here, &anywhere_)) return;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(here, &only);
  if (sched_setaffinity(pid_, sizeof only, &only) == 0) processor_ = here;
}

void Placement::end(Duration took) {
  if (follows()) {
    if (took > follower_max) release();
  } else if (took > quick_max) {
    quick_ = 0;
  } else if (quick_ < quick_enough) {
    ++quick_;
  }
}

void Placement::release() {
  if (!follows()) return;
  processor_ = -1;
  quick_ = 0;
  sched_setaffinity(pid_, sizeof anywhere_, &anywhere_);
  // A thread starts with the set of the one that started it.
  std::error_code error;
  const std::string folder = "/proc/" + std::to_string(pid_) + "/task";
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    if (thread > 0) sched_setaffinity(thread, sizeof anywhere_, &anywhere_);
  }
}

}  // namespace tidemill::worker

#include "core/base/last_words.h"

#include <future>
#include <system_error>
#include <thread>
#include <utility>

namespace tidemill {

bool last_words(std::function<void()> say, Duration patience) {
  std::packaged_task<void()> task(std::move(say));
  const auto said = task.get_future();
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error&) {
    return false;  // Without a thread the process ends without a word.
  }
  return said.wait_for(patience) == std::future_status::ready;
}

}  // namespace tidemill

// Last words: what a process says when it ends at once. Whoever reads its stderr may have stopped
// to: a write there, or a lock that the writer before holds, must not keep the process.
//
// For any thread that is about to call _exit() or abort().
#pragma once

#include <functional>

#include "tidemill/time.h"

namespace tidemill {

/// Calls `say` on a thread of its own, and waits for it, but no longer than `patience`. True: it
/// was said. What `say` refers to must live until the process ends.
bool last_words(std::function<void()> say, Duration patience = std::chrono::milliseconds(200));

}  // namespace tidemill

// say_at_abort(): what to say on stderr if the process ends before its time - by an assertion, an
// exception that nobody caught, a signal, a sanitizer.
//
// Called by the one thread that runs the seeds, before each; spoken from whatever context the end
// comes in, so it only writes what is ready.
#pragma once

#include <string_view>

namespace tidemill::sim {

/// In place of what was set before. Cut off where it is too long.
void say_at_abort(std::string_view words);

}  // namespace tidemill::sim

// How often this process has asked for memory: counted_new.cc replaces operator new.
#pragma once

#include <cstdint>

namespace tidemill::bench {

/// Calls of operator new so far, over all threads.
std::uint64_t allocations();

}  // namespace tidemill::bench

// The CPU time of a thread: what it worked, whatever else the machine was doing meanwhile. For
// watching over work that cannot be asked how it is getting on.
#pragma once

#include <pthread.h>

#include "tidemill/time.h"

namespace tidemill {

/// Precondition: the thread has not been joined.
Duration thread_cpu_time(pthread_t thread);

}  // namespace tidemill

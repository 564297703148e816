// detached(): an event that owns its bytes.
//
// A source hands over pieces of larger buffers. That is cheap for events on their way through; one
// that has to wait would keep a whole buffer alive, of which the memory budget knows the event's
// own bytes only. So what waits is copied first.
#pragma once

#include "tidemill/event.h"

namespace tidemill {

/// The same event, with all that it views in one piece of memory of its own.
Event detached(const Event& event);

}  // namespace tidemill

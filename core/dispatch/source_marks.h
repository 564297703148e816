// What sources write on events that are not to go their way.
#pragma once

#include "tidemill/event.h"

namespace tidemill {

/// Sources mark what they could not hand over whole with its real size, and what they could not
/// make sense of with the reason (see connectors/records). Null: it is an event like any other.
inline const Attribute* unusable(const Event& event) {
  for (const Attribute& extension : event.extensions)
    if (extension.name == "tidemill-oversized" || extension.name == "tidemill-refused")
      return &extension;
  return nullptr;
}

}  // namespace tidemill

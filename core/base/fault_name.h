// Faults by their names, as people read them in dead letters.
#pragma once

#include <string_view>

#include "tidemill/result.h"

namespace tidemill {

constexpr std::string_view fault_name(Fault fault) {
  switch (fault) {
    case Fault::transient:
      return "transient";
    case Fault::throttled:
      return "throttled";
    case Fault::bad_event:
      return "bad_event";
    case Fault::bad_config:
      return "bad_config";
    case Fault::fenced:
      return "fenced";
    case Fault::cancelled:
      return "cancelled";
    case Fault::unavailable:
      return "unavailable";
  }
  return "unknown";
}

}  // namespace tidemill

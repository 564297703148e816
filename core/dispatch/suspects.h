// Suspects: what the runner has to know of earlier crashes before it batches an event.
//
// One object per pipeline. Asked from the runner's executor, once per event that comes in.
#pragma once

#include <cstdint>
#include <string>

#include "tidemill/event.h"

namespace tidemill {

enum class Suspicion : std::uint8_t {
  none,
  suspect,  ///< It may have crashed an earlier process: it is invoked alone.
  guilty,   ///< It did, when it was alone: it goes to the dead letters, and reaches no function.
};

class Suspects {
 public:
  virtual ~Suspects() = default;

  virtual Suspicion of(const Event& event) const = 0;

  /// Why a guilty event is one, for its dead letter.
  virtual std::string reason(const Event& event) const = 0;
};

}  // namespace tidemill

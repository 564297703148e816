// Told: what the sender of an event is told, where it waits for that - the reply of the function,
// or why the event was given up. Neither: it has settled, and nothing was replied.
//
// Kept with the mark of a settled event, so that one that comes again is told the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tidemill/reply.h"

namespace tidemill {

struct Told {
  SharedReply reply;
  std::string failed;  ///< The reason.

  bool nothing() const { return reply == nullptr && failed.empty(); }
};

/// As it is kept; empty for nothing.
std::string told_text(const Told& told);

/// Nothing, of a text that told_text() did not make.
Told read_told(std::string_view text);

}  // namespace tidemill

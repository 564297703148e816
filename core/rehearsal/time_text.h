// How long, in as few units as say it exactly: "250ms", "1h2s". What `at` and its like are. Pure.
#pragma once

#include <string>

#include "tidemill/time.h"

namespace tidemill::rehearsal {

std::string time_text(Duration duration);

}  // namespace tidemill::rehearsal

// How a command asks about the state of a data folder: a live engine over its socket, a stopped one
// through its files.
#pragma once

#include <string>

#include "app/state_api.h"

namespace tidemill::app {

/// Prints the answer line by line, whoever gives it. Errors: those of the answer, and bad_config
/// where there is no state.
Result<> ask(const std::string& data, const StateQuestion& question);

}  // namespace tidemill::app

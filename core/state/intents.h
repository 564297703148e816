// Intents as bytes: everything that a commit changes, and the transaction that it waits for.
//
//   intent = 01 sink:sized number:u64 since:u64 pipeline:u32 and the lists of the part, each as
//            count:u32 and that many, in the order of intents.cc
//
// Logical, rather than what RocksDB would write: numbers of dead letters, effects and records are
// given when it is carried out, to which other commits may have come in between. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "core/state/store.h"

namespace tidemill::state {

/// Precondition: the part of the intent has no intent itself.
void append_intent(std::string& out, const Intent& intent);

/// Empty when the bytes are no intent. Its part keeps `value`.
std::optional<Intent> read_intent(std::string value);

}  // namespace tidemill::state

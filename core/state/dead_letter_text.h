// A dead letter in words: one line of JSON, the whole of it, or fields for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/store.h"

namespace tidemill::inspect {

/// As users write it: source, step, function or sink.
std::string_view name_of(Stage stage);

/// A letter with what its key says. Views; nothing is owned.
struct ShownDeadLetter {
  std::string_view pipeline;
  std::uint64_t number = 0;
  const DeadLetter& letter;
};

/// What happened, without the event.
std::string dead_letter_line(const ShownDeadLetter& shown);

/// The same with the function and the event in it.
std::string whole_dead_letter_line(const ShownDeadLetter& shown);

/// One field a line, without those that are empty.
std::vector<std::string> dead_letter_fields(const ShownDeadLetter& shown);

}  // namespace tidemill::inspect

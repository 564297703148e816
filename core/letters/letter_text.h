// A dead letter in words: one line of JSON, the whole of it, or fields for people. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/state/store.h"

namespace tidemill::letters {

/// A letter with what its key says. Views; nothing is owned.
struct ShownLetter {
  std::string_view pipeline;
  const DeadLetter& letter;
};

/// "source", "step", "function" or "sink".
std::string_view name_of(Stage stage);

/// What happened, without the event.
std::string letter_line(const ShownLetter& shown);

/// The same with the event in it.
std::string whole_letter_line(const ShownLetter& shown);

/// The event as filters see it, with what happened as its field `letter`.
std::string matched_line(const ShownLetter& shown);

/// For people: its number, when it died the last time, its pipeline, event and reason.
std::string letter_text(const ShownLetter& shown);

/// One field a line, without those that are empty.
std::vector<std::string> letter_fields(const ShownLetter& shown);

}  // namespace tidemill::letters

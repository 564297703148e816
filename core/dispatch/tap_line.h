// What a tap shows: one JSON object on one line, whose fields are those that patterns ask for (id,
// source, type, subject, time, key, headers, data), and more about where it was seen.
//
// Data longer than `data_bytes_max` is cut off, and then a string: "data_bytes" says how long it
// was. Other texts end behind a KiB, with "…". Headers that carry credentials are shown as ***, and
// nothing in a line is a command to a terminal. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/dispatch/verdict.h"
#include "tidemill/effect.h"
#include "tidemill/event.h"
#include "tidemill/time.h"

namespace tidemill {

/// As a source handed it over.
std::string source_line(const Event& event, std::size_t data_bytes_max);

/// What an invocation made of an event.
struct Outcome {
  std::string_view word;    ///< ok, retry, rerun, split, dead_letter.
  std::string_view reason;  ///< Why it failed.
  std::string_view request_id;
  std::uint32_t attempt = 1;
  Duration took{0};           ///< The invocation, all its events together.
  std::uint64_t effects = 0;  ///< That it asked for, of this event.
};

std::string function_line(const Event& event, const Outcome& outcome, std::size_t data_bytes_max);

std::string_view word_of(Fate fate);

/// An effect that was carried out. `output` is one of the function, event, on_success
/// or on_failure.
std::string effect_line(const Event& event, const Effect& effect, std::string_view sink,
                        std::string_view output, std::size_t data_bytes_max);

}  // namespace tidemill

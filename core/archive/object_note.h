// ObjectNote: which events the next object of an archive holds, written down before it is made.
//
// A record of the partition `archive_plans` of the archive's stream. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/state/stream.h"
#include "tidemill/staged_sink.h"

namespace tidemill {

/// The staged events `first` to `end - 1` of an hour.
struct ObjectNote {
  Partition hour;
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  ObjectPlan object;
};

/// The record's data: "HOUR FIRST END". The object's key is the record's key, its format the type.
std::string text_of(const ObjectNote& note);

/// Nothing for what is no note.
std::optional<ObjectNote> note_of(const StreamRecord& record);

}  // namespace tidemill

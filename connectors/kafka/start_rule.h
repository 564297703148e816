// Where a partition is read from, given what the engine, the group and the broker know of it.
//
// Pure decisions: no I/O, no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::kafka {

struct StartRule {
  enum class At { earliest, latest, instant };
  At at = At::earliest;
  std::chrono::milliseconds since_epoch{0};  ///< With At::instant.
};

/// `earliest`, `latest`, or an instant in UTC: 2026-01-31T12:00:00Z. Nothing of other text.
std::optional<StartRule> parse_start(std::string_view text);

/// What is known of a partition that was just assigned.
struct Known {
  std::optional<std::int64_t> own;    ///< Where the engine goes on, its state and this life say.
  std::optional<std::int64_t> group;  ///< Where the group goes on.
  bool group_is_ours = false;         ///< This engine was the last to commit that.
  std::int64_t begin = 0;             ///< The first offset that the broker still has.
  std::int64_t end = 0;               ///< Behind its last one.
  std::int64_t start = 0;             ///< What the StartRule comes to.
};

struct Place {
  std::int64_t offset = 0;
  std::int64_t lost = 0;  ///< Offsets in front of it that had been deleted before they were read.
};

/// The engine's own offset wins, for its state is what it was when that was written; but where
/// another engine has gone further meanwhile, the group's does.
///
/// Errors: bad_config (the partition ends before it: it is another one by the same name).
Result<Place> place_of(const Known& known);

/// An offset of the group that lies behind the end is about another topic, which had this name:
/// unless the engine has a progress of its own, in which case a person must look, it is dropped.
/// True: it was.
bool drop_another_topics_offset(Known& known);

/// What is written beside an offset of the group: who committed it, in which life.
std::string commit_mark(std::string_view engine_id, std::uint64_t epoch);

/// Is `mark` one of this engine?
bool is_mark_of(std::string_view mark, std::string_view engine_id);

}  // namespace tidemill::kafka

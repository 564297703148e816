// Meta: what a data folder says about itself, in the `default` column family.
//
//   format            -> text     "major.minor" of the layout; this engine writes 2.0
//   engine_id         -> text     a uuid, given once
//   epoch             -> integer  raised at each open
//   dead_letter_next  -> integer  the number of the next dead letter, over all pipelines
//
// A later minor version only adds; a later major may change anything but this family's name, its
// plain byte order and the key `format`, so that it can always be refused by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/state/database.h"
#include "tidemill/result.h"

namespace tidemill::state {

inline constexpr std::uint32_t format_major = 2;
inline constexpr std::uint32_t format_minor = 0;

inline constexpr std::string_view format_key = "format";
inline constexpr std::string_view engine_id_key = "engine_id";
inline constexpr std::string_view epoch_key = "epoch";
inline constexpr std::string_view dead_letter_next_key = "dead_letter_next";

struct Meta {
  std::string engine_id;
  std::uint64_t epoch = 0;
  std::uint64_t dead_letter_next = 1;
};

/// Checks the format, then raises the epoch, durable before the first commit in it. A new folder
/// gets this format and `new_engine_id`; an existing one keeps its id, and its format if that is no
/// older minor. Nothing is written to a folder that is refused. Errors: bad_config (a newer or
/// unreadable format), transient.
Result<Meta> begin_epoch(Database& database, const std::string& shown_as,
                         std::string_view new_engine_id);

}  // namespace tidemill::state

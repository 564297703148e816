// What a server answers to _bulk, and how it refuses a whole request.
//
// Pure, over bytes that nobody has checked; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::search {

/// What became of one item.
struct ItemAnswer {
  unsigned status = 0;
  std::string type;    ///< Of an error: the server's name for it.
  std::string reason;  ///< The server's own words, type included; empty where it has none.

  bool done() const { return status / 100 == 2; }
};

/// One for each item, in their order. Nothing: this is no answer of _bulk.
std::optional<std::vector<ItemAnswer>> parse_bulk_answer(std::string_view body);

/// Why a whole request was refused, in the server's own words; empty where it has none.
std::string parse_refusal(std::string_view body);

/// What requests ask of an answer: nothing that parse_bulk_answer() does not read.
inline constexpr std::string_view answer_filter =
    "filter_path=items.*.status,items.*.error.type,items.*.error.reason,"
    "items.*.error.caused_by.reason";

/// An answer to so many items that is longer is not read.
constexpr std::uint64_t answer_bytes_max(std::size_t items) { return (1u << 20) + items * 16'384; }

}  // namespace tidemill::search

// Bulk: what one request to _bulk holds - items of one index, as lines of JSON.
//
// Values; no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::search {

enum class Verb : std::uint8_t { index, create, remove };

/// One document to be written or removed. Views the effect.
struct Item {
  Verb verb = Verb::index;
  std::string id;
  std::string_view document;  ///< Empty with Verb::remove.
  std::size_t effect = 0;     ///< Which effect of the batch it is.
};

struct Bulk {
  std::vector<const Item*> items;
  std::string body;
};

/// Could it be a document? The server tells what is wrong within it. Errors: bad_event.
Result<> check_document(std::string_view data);

/// The items in their order, in as many requests as `bytes_max` each takes: an item that is larger
/// is alone in its own.
std::vector<Bulk> pack(std::span<const Item* const> items, std::size_t bytes_max);

}  // namespace tidemill::search

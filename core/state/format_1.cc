#include "core/state/format_1.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::state {
namespace {

using Family = rocksdb::ColumnFamilyHandle*;

// The keys of up to `bytes_max`, each of which stands in front of what it is about: what begins as
// it does, and is stepped over.
Result<> move_short_keys(Database& database, Family source, Family target, std::size_t bytes_max,
                         rocksdb::WriteBatch& batch) {
  std::string from;
  bool more = true;
  const auto take = [&](std::string_view key, std::string_view value) {
    if (key.size() > bytes_max) {
      from = prefix_end(key.substr(0, bytes_max));
      more = !from.empty();
      return false;
    }
    batch.Put(target, key, value).PermitUncheckedError();
    batch.Delete(source, key).PermitUncheckedError();
    return true;
  };
  while (more) {
    more = false;
    if (auto scanned = database.scan(source, {}, from, take); !scanned) return scanned;
  }
  return {};
}

}  // namespace

Result<> bring_from_format_1(Database& database, rocksdb::WriteBatch& batch) {
  constexpr std::size_t number_key = sizeof(std::uint32_t);
  constexpr std::size_t state_key = 2 * sizeof(std::uint32_t);
  auto moved =
      move_short_keys(database, database.outbox(), database.outbox_numbers(), number_key, batch);
  if (moved)
    moved =
        move_short_keys(database, database.streams(), database.stream_states(), state_key, batch);
  return moved;
}

}  // namespace tidemill::state

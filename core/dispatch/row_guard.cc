#include "core/dispatch/row_guard.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/mutation.h"

namespace tidemill {

std::uint64_t RowGuard::row_of(TableId table, std::uint64_t key_hash) {
  return key_hash ^ (std::uint64_t{table.value} * 0x9E3779B97F4A7C15ull);
}

std::uint64_t RowGuard::hash_of(std::string_view key) {
  return XXH3_64bits(key.data(), key.size());
}

void RowGuard::leave(std::uint64_t visible) {
  const auto found = readers_.find(visible);
  if (--found->second == 0) readers_.erase(found);
}

bool RowGuard::stale(std::span<const RowRead> reads, std::uint64_t last) {
  bool stale = false;
  for (const RowRead& read : reads) {
    const auto [watch, begins] = watched_since_.try_emplace(read.table.value, last);
    const bool known = !begins && mutated(Mutation::trust_the_unwatched);
    if (read.commit < watch->second && !known) stale = true;
    if (read.commit < forgotten_) stale = true;
    const auto change = last_change_.find(row_of(read.table, read.key_hash));
    if (change != last_change_.end() && change->second > read.commit) stale = true;
  }
  return stale;
}

void RowGuard::note(std::span<const RowChange> rows, std::uint64_t commit, std::uint64_t visible) {
  if (watched_since_.empty()) return;
  for (const RowChange& row : rows)
    if (watched_since_.contains(row.table.value))
      last_change_[row_of(row.table, hash_of(row.key))] = commit;
  if (last_change_.size() >= forget_at_) forget(visible);
}

// What is not visible yet is always kept: whoever starts to read now has not seen it.
void RowGuard::forget(std::uint64_t visible) {
  forget_up_to(readers_.empty() ? visible : std::min(visible, readers_.begin()->first));
  if (last_change_.size() >= rows_max_) forget_up_to(visible);
  // Each cleaning looks at all of them, so there is none before they have grown by a part.
  const std::size_t size = last_change_.size();
  forget_at_ =
      std::max(std::min(std::max<std::size_t>(4096, 2 * size), rows_max_), size + size / 8);
}

void RowGuard::forget_up_to(std::uint64_t commit) {
  boost::unordered::erase_if(last_change_,
                             [commit](const auto& row) { return row.second <= commit; });
  forgotten_ = std::max(forgotten_, commit);
}

}  // namespace tidemill

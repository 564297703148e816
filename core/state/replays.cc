#include "core/state/replays.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <limits>

#include "core/state/dead_letters.h"
#include "core/state/keys.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

// Commits wait for each write: it shall not take long.
constexpr std::size_t letters_per_write = 4096;

std::string key_of(DeadLetterId letter) { return dead_letter_key(letter.pipeline, letter.number); }

}  // namespace

template <class Change>
Result<> Replays::write_all(std::span<const DeadLetterId> letters, Change change) {
  for (std::size_t done = 0; done < letters.size(); done += letters_per_write) {
    rocksdb::WriteBatch batch;
    const std::size_t count = std::min(letters_per_write, letters.size() - done);
    for (const DeadLetterId& letter : letters.subspan(done, count)) change(batch, letter);
    const bool last = done + count == letters.size();
    auto written = database_.write(batch, last ? Durability::sync : Durability::periodic);
    if (!written) return written;
  }
  return {};
}

Result<> Replays::mark(std::span<const DeadLetterId> letters, Duration gap) {
  const std::string value = integer_value(static_cast<std::uint64_t>(gap.count()));
  return write_all(letters, [&](rocksdb::WriteBatch& batch, DeadLetterId letter) {
    batch.Put(database_.replays(), key_of(letter), value).PermitUncheckedError();
  });
}

Result<> Replays::unmark(std::span<const DeadLetterId> letters) {
  return write_all(
      letters, [this](rocksdb::WriteBatch& batch, DeadLetterId letter) { unmark(batch, letter); });
}

Result<> Replays::drop(std::span<const DeadLetterId> letters) {
  return write_all(letters, [this](rocksdb::WriteBatch& batch, DeadLetterId letter) {
    unmark(batch, letter);
    batch.Delete(database_.dead_letters(), key_of(letter)).PermitUncheckedError();
  });
}

void Replays::unmark(rocksdb::WriteBatch& batch, DeadLetterId letter) const {
  batch.Delete(database_.replays(), key_of(letter)).PermitUncheckedError();
}

Result<std::vector<MarkedLetter>> Replays::read(PipelineId pipeline, std::uint64_t after,
                                                std::size_t letters_max, std::uint64_t bytes_max,
                                                WallTime now) {
  std::vector<MarkedLetter> marked;
  if (after == std::numeric_limits<std::uint64_t>::max()) return marked;
  std::vector<DeadLetterId> stray;
  std::uint64_t bytes = 0;
  Result<> outcome;
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto place = decode_dead_letter_key(key);
    const auto gap = read_integer_value(value);
    std::string letter_value;
    const auto found = database_.get(database_.dead_letters(), key, letter_value);
    if (!found) outcome = std::unexpected(found.error());
    if (!place || !gap) outcome = fail(Fault::transient, "the mark of a replay is damaged");
    if (!outcome) return false;
    auto letter = *found ? read_dead_letter(letter_value) : DeadLetter{};
    if (!letter) {
      outcome = fail(Fault::transient, "a dead letter is damaged");
      return false;
    }
    if (!*found || expired(*letter, now)) {
      stray.push_back({place->pipeline, place->sequence});
      return true;
    }
    letter->number = place->sequence;
    bytes += letter->data.size();
    if (!marked.empty() && bytes > bytes_max) return false;
    marked.push_back({std::move(*letter), Duration(static_cast<std::int64_t>(*gap))});
    return marked.size() < letters_max && bytes < bytes_max;
  };
  auto scanned = database_.scan(database_.replays(), dead_letter_prefix(pipeline),
                                dead_letter_key(pipeline, after + 1), visit);
  if (scanned) scanned = outcome;
  if (scanned && !stray.empty()) scanned = unmark(stray);
  if (!scanned) return std::unexpected(scanned.error());
  return marked;
}

Result<> Replays::each(std::optional<PipelineId> pipeline,
                       const std::function<bool(DeadLetterId letter)>& visit) {
  Result<> outcome;
  auto scanned = database_.scan(database_.replays(), pipeline ? dead_letter_prefix(*pipeline) : "",
                                [&](std::string_view key, std::string_view) {
                                  const auto place = decode_dead_letter_key(key);
                                  if (!place) {
                                    outcome =
                                        fail(Fault::transient, "the mark of a replay is damaged");
                                    return false;
                                  }
                                  return visit({place->pipeline, place->sequence});
                                });
  return scanned ? outcome : scanned;
}

}  // namespace tidemill::state

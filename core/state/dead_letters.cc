#include "core/state/dead_letters.h"

#include <rocksdb/write_batch.h>

#include "core/state/keys.h"
#include "core/state/values.h"

namespace tidemill::state {

bool expired(const DeadLetter& letter, WallTime now) {
  return letter.expires.value != 0 && letter.expires <= now;
}

Result<> DeadLetters::each(
    std::optional<PipelineId> pipeline, WallTime now,
    const std::function<bool(PipelineId, std::uint64_t, const DeadLetter&)>& visit) const {
  Result<> outcome;
  const auto look = [&](std::string_view key, std::string_view bytes) {
    const auto place = decode_dead_letter_key(key);
    auto letter = read_dead_letter(bytes);
    if (!place || !letter) {
      outcome = fail(Fault::transient, "a dead letter is damaged");
      return false;
    }
    if (expired(*letter, now)) return true;
    letter->number = place->sequence;
    return visit(place->pipeline, place->sequence, *letter);
  };
  auto scanned =
      database_.scan(database_.dead_letters(), pipeline ? dead_letter_prefix(*pipeline) : "", look);
  return scanned ? outcome : scanned;
}

// Those of a pipeline expire in their order, but for one that was replayed, which is kept longer
// than those behind it.
Result<> DeadLetters::drop_expired(std::span<const PipelineId> pipelines, WallTime now) {
  rocksdb::ColumnFamilyHandle* const family = database_.dead_letters();
  rocksdb::WriteBatch batch;
  const auto look = [&](std::string_view key, std::string_view bytes) {
    const auto letter = read_dead_letter(bytes);
    if (!letter) return false;
    if (!expired(*letter, now)) return letter->replays > 0;
    batch.Delete(family, key).PermitUncheckedError();
    return true;
  };
  for (const PipelineId pipeline : pipelines)
    if (auto scanned = database_.scan(family, dead_letter_prefix(pipeline), look); !scanned)
      return scanned;
  if (batch.Count() == 0) return {};
  return database_.write(batch, Durability::periodic);
}

}  // namespace tidemill::state

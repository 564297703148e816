#include "core/streams/embedded_log.h"

#include <algorithm>

namespace tidemill {

EmbeddedLog::EmbeddedLog(std::string place, StreamInfo info, Store& store,
                         CommitSequencer& sequencer, std::function<void()> trim_wanted)
    : EmbeddedStream(std::move(place), info),
      store_(store),
      sequencer_(sequencer),
      trim_wanted_(std::move(trim_wanted)) {}

Result<> EmbeddedLog::load() {
  for (std::uint32_t i = 0; i < partitions(); ++i) {
    const auto state = store_.stream_state(id(), Partition(i));
    if (!state) return std::unexpected(state.error());
    grow(state->records, state->bytes);
  }
  return {};
}

std::optional<std::uint64_t> EmbeddedLog::part_bytes() const {
  if (!retention_.bytes) return std::nullopt;
  return *retention_.bytes / partitions();
}

// With some room above the limit, so that not every commit has a trim of its own.
void EmbeddedLog::news() {
  ++news_count_;
  wake_readers();
  const auto most = part_bytes();
  if (!most) return;
  for (std::uint32_t i = 0; i < partitions(); ++i) {
    const auto state = store_.stream_state(id(), Partition(i));
    if (state && state->bytes > *most + *most / 8) return trim_wanted_();
  }
}

// Records of a log have no gaps between them, and what is looked for holds from some record on.
Result<std::uint64_t> EmbeddedLog::first_where(
    Partition partition, const StreamState& state,
    const std::function<bool(const StreamRecord&)>& holds) const {
  std::uint64_t low = state.first;
  std::uint64_t high = state.next;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto page = store_.read_stream(id(), partition, middle - 1, 1, 1);
    if (!page) return std::unexpected(page.error());
    // A record that is not there yet lies behind everything that is.
    if (page->records.empty() || holds(page->records.front())) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

Result<std::uint64_t> EmbeddedLog::first_since(Partition partition, WallTime since) const {
  const auto state = store_.stream_state(id(), partition);
  if (!state) return std::unexpected(state.error());
  return first_where(partition, *state,
                     [since](const StreamRecord& record) { return record.written >= since; });
}

Result<std::optional<EmbeddedLog::Cut>> EmbeddedLog::cut(Partition partition, WallTime now) const {
  const auto state = store_.stream_state(id(), partition);
  if (!state) return std::unexpected(state.error());
  const auto page = store_.read_stream(id(), partition, state->first - 1, 1, 1);
  if (!page) return std::unexpected(page.error());
  if (page->records.empty()) return std::nullopt;
  const std::uint64_t before = page->records.front().bytes_before;
  const std::uint64_t put = before + state->bytes;
  const auto most = part_bytes();
  const bool too_large = most && state->bytes > *most;
  const auto kept = [&](const StreamRecord& record) {
    if (too_large && put - record.bytes_before > *most) return false;
    if (!retention_.age) return true;
    return record.written.value + static_cast<std::uint64_t>(retention_.age->count()) > now.value;
  };
  if (kept(page->records.front())) return std::nullopt;
  const auto first = first_where(partition, *state, kept);
  if (!first) return std::unexpected(first.error());
  // Behind the last record there is none that could say what lies before it.
  std::uint64_t bytes_before = put;
  if (*first < state->next) {
    const auto at = store_.read_stream(id(), partition, *first - 1, 1, 1);
    if (!at) return std::unexpected(at.error());
    if (at->records.empty()) return std::nullopt;
    bytes_before = at->records.front().bytes_before;
  }
  return Cut{{id(), partition, *first, bytes_before}, *first - state->first, bytes_before - before};
}

Task<Result<>> EmbeddedLog::trim(WallTime now) {
  if (!retention_.age && !retention_.bytes) co_return Result<>{};
  auto look = [this, now]() -> Result<std::vector<Cut>> {
    std::vector<Cut> cuts;
    for (std::uint32_t i = 0; i < partitions(); ++i) {
      auto one = cut(Partition(i), now);
      if (!one) return std::unexpected(one.error());
      if (*one) cuts.push_back(**one);
    }
    return cuts;
  };
  const auto cuts = co_await run_on(sequencer_.disk(), std::move(look));
  if (!cuts) co_return std::unexpected(cuts.error());
  if (cuts->empty()) co_return Result<>{};
  CommitPart part;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  for (const Cut& one : *cuts) {
    part.trimmed.push_back(one.trim);
    records += one.records;
    bytes += one.bytes;
  }
  const auto committed = co_await sequencer_.commit(part, Durability::periodic);
  if (!committed) co_return std::unexpected(committed.error());
  shrink(records, bytes);
  co_return Result<>{};
}

}  // namespace tidemill

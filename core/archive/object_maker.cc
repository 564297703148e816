#include "core/archive/object_maker.h"

#include <algorithm>
#include <utility>

#include "core/base/mutation.h"

namespace tidemill {
namespace {

// Read at once, and given to the sink.
constexpr std::size_t page_events = 4096;
constexpr std::uint64_t page_bytes = 1u << 20;

Event event_of(const StreamRecord& record, const StreamPage& page) {
  Event event;
  event.offset = Offset(record.number);
  event.offset_next = Offset(record.number + 1);
  event.id = record.id;
  event.source = record.source;
  event.type = record.type;
  event.subject = record.subject;
  event.content_type = record.content_type;
  event.time = record.time;
  event.key = record.key;
  event.data = Bytes(record.data, page.keep);
  return event;
}

std::uint64_t bytes_behind(const StreamRecord& record) {
  return record.bytes_before + stream_bytes(record);
}

std::unexpected<Error> damaged() {
  return fail(Fault::transient, "the stage of an archive is damaged");
}

// As wide as it takes for names to sort as their numbers do.
std::string numbered(const std::string& name, std::uint64_t number) {
  const std::string digits = std::to_string(number);
  const std::size_t zeros = digits.size() < 12 ? 12 - digits.size() : 0;
  return name + '-' + std::string(zeros, '0') + digits;
}

}  // namespace

struct ObjectMaker::Found {
  ArchiveStage::Hours hours;
  std::optional<ObjectNote> note;
};

ObjectMaker::ObjectMaker(Scheduler& scheduler, Store& store, CommitSequencer& sequencer,
                         ArchiveStage& stage, StagedSink& sink, Config config)
    : scheduler_(scheduler),
      store_(store),
      sequencer_(sequencer),
      stage_(stage),
      sink_(sink),
      config_(std::move(config)),
      object_bytes_(sink.policy().object_bytes) {}

Task<Result<>> ObjectMaker::load() {
  auto look = [this] { return read_stage(); };
  auto found = co_await run_on(sequencer_.disk(), std::move(look));
  if (!found) co_return std::unexpected(found.error());
  note_ = std::move(found->note);
  stage_.load(std::move(found->hours));
  co_return Result<>{};
}

Result<ObjectMaker::Found> ObjectMaker::read_stage() const {
  Found found;
  const auto partitions = store_.stream_partitions(stage_.stream());
  if (!partitions) return std::unexpected(partitions.error());
  for (const Partition partition : *partitions) {
    const auto state = store_.stream_state(stage_.stream(), partition);
    if (!state) return std::unexpected(state.error());
    const auto first = store_.read_stream(stage_.stream(), partition, state->first - 1, 1, 1);
    if (!first) return std::unexpected(first.error());
    if (first->records.empty()) return damaged();
    const StreamRecord& record = first->records.front();
    if (partition != archive_plans) {
      found.hours[partition] = {state->records, state->bytes, record.written};
    } else {
      found.note = note_of(record);
      if (!found.note) return damaged();
    }
  }
  return found;
}

Task<Result<>> ObjectMaker::note(Partition hour) {
  // What the stage has counted may still be on its way: it is written before this.
  const CommitPart nothing{.pipeline = config_.pipeline};
  const auto written = co_await sequencer_.commit(nothing, Durability::periodic);
  if (!written) co_return std::unexpected(written.error());
  const auto state = store_.stream_state(stage_.stream(), hour);
  if (!state) co_return std::unexpected(state.error());
  if (state->records == 0) co_return damaged();
  auto look = [this, hour, known = *state] { return end_of_object(hour, known); };
  const auto end = co_await run_on(sequencer_.disk(), std::move(look));
  if (!end) co_return std::unexpected(end.error());

  ObjectNote note{.hour = hour, .first = state->first, .end = *end, .object = {}};
  note.object =
      sink_.plan(Hour(std::chrono::hours(hour.value)), numbered(config_.object_name, note.first));
  const std::string text = text_of(note);
  StreamAppend record;
  record.stream = stage_.stream();
  record.partition = archive_plans;
  record.key = note.object.key;
  record.type = note.object.format;
  record.data = text;
  CommitPart part{.pipeline = config_.pipeline};
  part.appended.push_back(record);
  // Synced: whatever is in the object has to be on disk before it, and so has its name.
  const Durability durability =
      mutated(Mutation::unsynced_note) ? Durability::periodic : Durability::sync;
  const auto noted = co_await sequencer_.commit(part, durability);
  if (!noted) co_return std::unexpected(noted.error());
  note_ = std::move(note);
  co_return Result<>{};
}

// Behind the record with which an object reaches its size, or behind the last there is.
Result<std::uint64_t> ObjectMaker::end_of_object(Partition hour, const StreamState& state) const {
  if (state.bytes < object_bytes_) return state.next;
  const auto read = [&](std::uint64_t number) {
    return store_.read_stream(stage_.stream(), hour, number - 1, 1, 1);
  };
  const auto first = read(state.first);
  if (!first) return std::unexpected(first.error());
  if (first->records.empty()) return damaged();
  const std::uint64_t enough = first->records.front().bytes_before + object_bytes_;
  std::uint64_t low = state.first;
  std::uint64_t high = state.next - 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto page = read(middle);
    if (!page) return std::unexpected(page.error());
    // What came meanwhile may be on its way; it lies behind everything that is there.
    if (page->records.empty() || bytes_behind(page->records.front()) >= enough) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low + 1;
}

Task<Result<ObjectMaker::Made>> ObjectMaker::make() {
  const Result<> begun = co_await sink_.begin(note_->object);
  if (!begun) {
    co_await sink_.abandon();
    co_return std::unexpected(begun.error());
  }
  const auto extent = co_await hand_over();
  if (!extent) {
    co_await sink_.abandon();
    co_return std::unexpected(extent.error());
  }
  const auto finished = co_await sink_.finish();
  if (!finished) {
    co_await sink_.abandon();
    if (mutated(Mutation::rename_object)) note_->object.key += '+';
    co_return std::unexpected(finished.error());
  }
  const Result<> out = co_await take_out(*extent);
  if (!out) co_return std::unexpected(out.error());
  Made made{std::move(note_->object.key), extent->events, *finished};
  note_.reset();
  co_return made;
}

Task<Result<ObjectMaker::Extent>> ObjectMaker::hand_over() {
  Extent extent;
  std::vector<Event> events;
  for (std::uint64_t next = note_->first; next < note_->end;) {
    if (stopped_) co_return fail(Fault::cancelled, "stopped");
    const auto records =
        static_cast<std::size_t>(std::min<std::uint64_t>(page_events, note_->end - next));
    auto look = [this, next, records] {
      return store_.read_stream(stage_.stream(), note_->hour, next - 1, records, page_bytes);
    };
    const auto page = co_await run_on(sequencer_.disk(), std::move(look));
    if (!page) co_return std::unexpected(page.error());
    if (page->records.empty() || page->records.front().number != next) co_return damaged();
    events.clear();
    for (const StreamRecord& record : page->records) {
      events.push_back(event_of(record, *page));
      extent.bytes += stream_bytes(record);
    }
    extent.events += events.size();
    extent.bytes_before = bytes_behind(page->records.back());
    next = page->records.back().number + 1;
    const Result<> added = co_await sink_.add(events);
    if (!added) co_return std::unexpected(added.error());
  }
  co_return extent;
}

Task<Result<>> ObjectMaker::take_out(const Extent& extent) {
  auto look = [this] { return store_.read_stream(stage_.stream(), archive_plans, 0, 1, 1); };
  const auto note = co_await run_on(sequencer_.disk(), std::move(look));
  if (!note) co_return std::unexpected(note.error());
  if (note->records.empty()) co_return damaged();
  const StreamRecord& record = note->records.front();
  CommitPart part{.pipeline = config_.pipeline};
  if (!mutated(Mutation::keep_archived))
    part.trimmed.push_back({stage_.stream(), note_->hour, note_->end, extent.bytes_before});
  part.trimmed.push_back({stage_.stream(), archive_plans, record.number + 1, bytes_behind(record)});
  // A power cut that undoes it brings the note back as well.
  const auto committed = co_await sequencer_.commit(part, Durability::periodic);
  if (!committed) co_return std::unexpected(committed.error());

  auto look_behind = [this] {
    return store_.read_stream(stage_.stream(), note_->hour, note_->end - 1, 1, 1);
  };
  const auto rest = co_await run_on(sequencer_.disk(), std::move(look_behind));
  const bool known = rest && !rest->records.empty();
  WallTime since = scheduler_.wall();
  if (known) since = rest->records.front().written;
  stage_.left(note_->hour, extent.events, extent.bytes, since);
  co_return Result<>{};
}

}  // namespace tidemill

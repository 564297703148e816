#include "file_source.h"

#include <algorithm>
#include <utility>

namespace tidemill::file {

FileSource::FileSource(SourceConfig config, bool matches, Services services,
                       std::shared_ptr<FileHistories> histories)
    : config_(std::move(config)),
      services_(std::move(services)),
      files_(config_, matches, services_, std::move(histories)),
      events_(config_),
      watch_(services_.scheduler) {}

SourceTraits FileSource::traits() const {
  return {.progress = ProgressKind::log,
          .can_exhaust = true,
          .can_pause = files_.pattern().has_value()};
}

bool FileSource::sees(std::string_view place) const {
  constexpr std::string_view file_scheme = "file:";
  constexpr std::string_view folder_scheme = "folder:";
  const auto& pattern = files_.pattern();
  if (place.starts_with(file_scheme)) {
    const std::string path(place.substr(file_scheme.size()));
    return pattern ? pattern->matches(path) : path == config_.path.value;
  }
  if (!place.starts_with(folder_scheme)) return false;
  const std::string_view folder = place.substr(folder_scheme.size());
  return pattern ? pattern->matches_below(folder) : config_.path.value.starts_with(folder);
}

Task<Result<>> FileSource::open(const Progress& progress) {
  watch_.stop();
  ended_ = false;
  const Instant now = services_.scheduler.now();
  auto work = [this, &progress, now] { return files_.open(progress, now); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  co_return opened;
}

Task<Result<PollEnd>> FileSource::poll(Credit credit, std::vector<Event>& out) {
  const std::size_t before = out.size();
  while (!interrupted_) {
    FileLog* const log = files_.current();
    if (log != nullptr && std::ranges::find(paused_, log->partition()) == paused_.end()) {
      const Cut cut = cut_records(*log, credit, out);
      if (out.size() > before || cut == Cut::no_room) co_return PollEnd::more;
    }
    if (ended_) co_return PollEnd::exhausted;
    const Instant now = services_.scheduler.now();
    auto work = [this, now, paused = paused_] { return files_.fill(now, paused); };
    const auto filled = co_await run_blocking(services_.scheduler, std::move(work));
    if (!filled) co_return std::unexpected(filled.error());
    ended_ = *filled == FileSet::Fill::ended;
    if (*filled == FileSet::Fill::nothing) co_await wait_for_news();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

FileSource::Cut FileSource::cut_records(FileLog& log, Credit credit,
                                        std::vector<Event>& out) const {
  const WallTime now = services_.scheduler.wall();
  const bool lines = config_.format != records::Format::csv;
  records::RecordReader& reader = log.records();
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  while (const records::Record* const record = reader.peek()) {
    if (!credit.allows(record->text.size(), taken, taken_bytes)) return Cut::no_room;
    ++taken;
    taken_bytes += record->text.size();
    Event& event = out.emplace_back();
    event.partition = log.partition();
    event.offset = log.offset(record->begin);
    event.offset_next = log.offset(record->end);
    event.source = log.origin().source;
    event.subject = log.origin().subject;
    event.type = lines ? "tidemill.file.line" : "tidemill.file.record";
    event.time = EventTime(now.value);
    event.ingested = IngestTime(now.value);
    events_.fill(*record, event);
    reader.take();
  }
  return Cut::all;
}

// Until something happened to one of the files, or it is time to look.
Task<> FileSource::wait_for_news() {
  const Instant next_look = services_.scheduler.now() + config_.check;
  const auto matters = [this](std::string_view name) { return files_.concerns(name); };
  while (!interrupted_) {
    if (files_.news().descriptor() >= 0) watch_.listen(files_.news().descriptor());
    const bool told = co_await watch_.news().wait_until(next_look);
    if (!told || files_.news().take(matters)) co_return;
  }
}

void FileSource::pause(Partition partition, bool paused) {
  std::erase(paused_, partition);
  if (paused) paused_.push_back(partition);
  if (!paused) watch_.news().notify();
}

void FileSource::interrupt() {
  interrupted_ = true;
  watch_.news().notify();
}

Task<Result<>> FileSource::settle(std::span<const Settled> settled) {
  std::ignore = settled;  // Progress is wholly the engine's.
  co_return Result<>();
}

Task<> FileSource::close() {
  watch_.stop();
  co_return;
}

}  // namespace tidemill::file

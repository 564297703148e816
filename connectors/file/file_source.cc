#include "file_source.h"

#include <array>
#include <memory>
#include <utility>

namespace tidemill::file {
namespace {

// Keeps an oversized line's attribute beside the chunk that its data lies in.
struct Oversized {
  std::shared_ptr<const void> chunk;
  std::string length;
  std::array<Attribute, 1> attributes;
};

}  // namespace

FileSource::FileSource(SourceConfig config, Services services)
    : config_(std::move(config)),
      services_(std::move(services)),
      reader_(config_.path.value, "file:" + config_.path.value, config_.line_max.value,
              services_.log),
      key_(config_.key),
      wake_(services_.scheduler) {}

SourceTraits FileSource::traits() const {
  return {.progress = ProgressKind::log, .can_exhaust = true};
}

std::string FileSource::identity() const { return reader_.name(); }

bool FileSource::sees(std::string_view place) const {
  constexpr std::string_view folder_scheme = "folder:";
  if (place == reader_.name()) return true;
  return place.starts_with(folder_scheme) &&
         config_.path.value.starts_with(place.substr(folder_scheme.size()));
}

Task<Result<>> FileSource::open(const Progress& progress) {
  at_end_ = false;
  reader_.seek(progress.next(Partition(0)).value_or(Offset(0)).value);
  auto work = [this] { return reader_.read_more(); };
  const auto read = co_await run_blocking(services_.scheduler, std::move(work));
  if (!read) co_return std::unexpected(read.error());
  if (*read == LineReader::Fill::missing && services_.until_idle)
    co_return fail(Fault::bad_config, "the file " + config_.path.value + " does not exist");
  co_return Result<>();
}

Task<Result<PollEnd>> FileSource::poll(Credit credit, std::vector<Event>& out) {
  const std::size_t before = out.size();
  while (!interrupted_) {
    const Cut cut = cut_lines(credit, out);
    if (out.size() > before || cut == Cut::no_room) co_return PollEnd::more;
    if (at_end_) co_return PollEnd::exhausted;
    auto work = [this] { return reader_.read_more(); };
    const auto read = co_await run_blocking(services_.scheduler, std::move(work));
    if (!read) co_return std::unexpected(read.error());
    if (*read == LineReader::Fill::some) continue;
    if (services_.until_idle) {
      reader_.end_of_file();
      at_end_ = true;
      continue;
    }
    const Instant next_look = services_.scheduler.now() + config_.check;
    co_await wake_.wait_until(next_look);
  }
  co_return fail(Fault::cancelled, "interrupted");
}

FileSource::Cut FileSource::cut_lines(Credit credit, std::vector<Event>& out) {
  const WallTime now = services_.scheduler.wall();
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  while (const auto line = reader_.peek()) {
    if (!credit.allows(line->text.size(), taken, taken_bytes)) return Cut::no_room;
    ++taken;
    taken_bytes += line->text.size();
    append(*line, now, out);
    reader_.take();
  }
  return Cut::all;
}

void FileSource::append(const Line& line, WallTime now, std::vector<Event>& out) {
  Event& event = out.emplace_back();
  event.offset = Offset(line.offset);
  event.offset_next = Offset(line.offset_next);
  event.source = reader_.name();
  event.type = "tidemill.file.line";
  event.content_type = config_.format == Format::ndjson ? "application/json" : "text/plain";
  event.time = EventTime(now.value);
  event.ingested = IngestTime(now.value);
  if (line.oversized == 0) {
    event.key = key_.in(line.text);
    event.data = Bytes(line.text, reader_.owner());
    return;
  }
  auto kept = std::make_shared<Oversized>(reader_.owner(), std::to_string(line.oversized));
  kept->attributes[0] = {oversized_attribute, kept->length};
  event.extensions = kept->attributes;
  event.data = Bytes(line.text, std::move(kept));
}

void FileSource::interrupt() {
  interrupted_ = true;
  wake_.notify();
}

Task<Result<>> FileSource::settle(std::span<const Settled> settled) {
  std::ignore = settled;  // Progress is wholly the engine's.
  co_return Result<>();
}

Task<> FileSource::close() { co_return; }

}  // namespace tidemill::file

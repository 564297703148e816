#include "core/streams/log_source.h"

#include <algorithm>
#include <utility>

namespace tidemill {
namespace {

constexpr std::size_t page_records = 1024;
constexpr std::uint64_t page_bytes = 512u << 10;

}  // namespace

LogSource::LogSource(EmbeddedLog& log, Scheduler& scheduler, Log& messages, Options options)
    : log_(log), messages_(messages), options_(std::move(options)), wake_(scheduler) {}

LogSource::~LogSource() {
  if (subscribed_) log_.unsubscribe_reader(wake_);
}

Task<Result<>> LogSource::open(const Progress& progress) {
  if (!std::exchange(subscribed_, true)) log_.subscribe_reader(wake_);
  std::vector<std::optional<Offset>> known;
  for (std::uint32_t i = 0; i < log_.partitions(); ++i)
    known.push_back(progress.next(Partition(i)));
  const bool first_time =
      std::ranges::none_of(known, [](const auto& next) { return next.has_value(); });
  lanes_.clear();
  CommitPart begin{.pipeline = options_.id};
  auto find = [&]() -> Result<> {
    for (std::uint32_t i = 0; i < known.size(); ++i) {
      Lane& lane = lanes_.emplace_back();
      lane.partition = Partition(i);
      if (known[i]) {
        lane.next = known[i]->value;
        continue;
      }
      const auto start = start_of(lane.partition, first_time);
      if (!start) return std::unexpected(start.error());
      lane.next = *start;
      begin.logs.push_back({lane.partition, Offset(lane.next), {}});
    }
    return {};
  };
  Result<> found = co_await run_on(log_.sequencer().disk(), std::move(find));
  if (!found || begin.logs.empty()) co_return found;
  const auto committed = co_await log_.sequencer().commit(begin, Durability::periodic);
  if (!committed) co_return std::unexpected(committed.error());
  co_return Result<>{};
}

// Partitions that are added later are read from their first record, wherever the others began.
Result<std::uint64_t> LogSource::start_of(Partition partition, bool first_time) const {
  if (first_time && options_.start.at == LogStart::At::time)
    return log_.first_since(partition, options_.start.time);
  const auto state = log_.store().stream_state(log_.id(), partition);
  if (!state) return std::unexpected(state.error());
  return first_time && options_.start.at == LogStart::At::latest ? state->next : state->first;
}

Task<Result<PollEnd>> LogSource::poll(Credit credit, std::vector<Event>& out) {
  while (!interrupted_) {
    if (const std::uint64_t news = log_.news_count(); news != std::exchange(seen_news_, news))
      for (Lane& lane : lanes_) lane.unread = true;
    const Handed handed = hand_out(credit, out);
    if (handed != Handed::none) co_return PollEnd::more;
    if (Lane* const lane = lane_to_read()) {
      const Result<> outcome = co_await read(*lane);
      if (!outcome) co_return std::unexpected(outcome.error());
      continue;
    }
    const bool all_read = std::ranges::none_of(
        lanes_, [](const Lane& lane) { return lane.unread || lane.at < lane.page.records.size(); });
    if (options_.until_idle && all_read && !log_.has_producers()) co_return PollEnd::exhausted;
    co_await wake_.wait();
  }
  co_return fail(Fault::cancelled, "interrupted");
}

LogSource::Handed LogSource::hand_out(const Credit& credit, std::vector<Event>& out) {
  std::uint64_t taken = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[(turn_ + i) % lanes_.size()];
    if (lane.paused) continue;
    for (; lane.at < lane.page.records.size(); ++lane.at) {
      const StreamRecord& record = lane.page.records[lane.at];
      if (!credit.allows(record.data.size(), taken, bytes)) {
        turn_ = (turn_ + i) % lanes_.size();
        return taken > 0 ? Handed::some : Handed::no_room;
      }
      out.push_back(event_of(record, lane.page.keep, lane.partition, log_.place()));
      lane.next = record.number + 1;
      ++taken;
      bytes += record.data.size();
    }
    lane.page = {};
    lane.at = 0;
  }
  return taken > 0 ? Handed::some : Handed::none;
}

// In turn, so that a busy partition does not starve the others.
LogSource::Lane* LogSource::lane_to_read() {
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[(turn_ + i) % lanes_.size()];
    if (lane.paused || !lane.unread) continue;
    turn_ = (turn_ + i + 1) % lanes_.size();
    return &lane;
  }
  return nullptr;
}

Task<Result<>> LogSource::read(Lane& lane) {
  lane.unread = false;
  auto look = [this, &lane] {
    return log_.store().read_stream(log_.id(), lane.partition, lane.next - 1, page_records,
                                    page_bytes);
  };
  auto page = co_await run_on(log_.sequencer().disk(), std::move(look));
  if (!page) {
    lane.unread = true;
    co_return std::unexpected(page.error());
  }
  if (page->records.empty()) co_return Result<>{};
  lane.unread = true;
  if (page->records.front().number > lane.next) note_gap(lane, page->records.front().number);
  lane.page = std::move(*page);
  lane.page.keep = log_.kept(std::move(lane.page.keep));
  lane.at = 0;
  co_return Result<>{};
}

void LogSource::note_gap(Lane& lane, std::uint64_t found) {
  const std::uint64_t gap = found - lane.next;
  lost_ += gap;
  messages_.write(LogLevel::warning,
                  options_.pipeline + ": fell behind the retention of " + log_.place() + ": " +
                      std::to_string(gap) + " records of partition " +
                      std::to_string(lane.partition.value) + " were removed before they were read");
}

void LogSource::pause(Partition partition, bool paused) {
  lanes_[partition.value].paused = paused;
  if (!paused) wake_.notify();
}

void LogSource::interrupt() {
  interrupted_ = true;
  wake_.notify();
}

std::optional<std::uint64_t> LogSource::behind() const {
  std::uint64_t behind = 0;
  for (const Lane& lane : lanes_) {
    const auto state = log_.store().stream_state(log_.id(), lane.partition);
    if (!state) return std::nullopt;
    // What retention has removed will not come.
    behind += state->next - std::min(state->next, std::max(lane.next, state->first));
  }
  return behind;
}

Task<Result<>> LogSource::settle(std::span<const Settled>) { co_return Result<>{}; }

Task<> LogSource::close() {
  if (std::exchange(subscribed_, false)) log_.unsubscribe_reader(wake_);
  co_return;
}

}  // namespace tidemill

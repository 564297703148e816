#include "core/dispatch/replay_feed.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/base/mutation.h"
#include "core/dispatch/verdict.h"

namespace tidemill {
namespace {

constexpr std::size_t page_letters = 256;
constexpr std::uint64_t page_bytes = 1u << 20;

constexpr Backoff read_again{.initial = std::chrono::seconds(1), .max = std::chrono::minutes(1)};

struct Owned {
  DeadLetter letter;
  std::vector<Attribute> extensions;
};

bool marks_the_unreadable(const std::string& extension) {
  return extension == "tidemill-oversized" || extension == "tidemill-refused";
}

// Engines before format 1.3 kept no id of its own beside what identifies an event.
void restore_id(DeadLetter& letter, Event& event) {
  if (!letter.id.empty()) event.id = letter.id;
  const bool own = letter.id.empty() && letter.code.empty() && letter.event_id != event_id(event);
  if (own) event.id = letter.event_id;
}

}  // namespace

Event event_of(DeadLetter letter) {
  auto owned = std::make_shared<Owned>();
  owned->letter = std::move(letter);
  DeadLetter& own = owned->letter;
  for (const auto& [name, value] : own.extensions)
    if (!marks_the_unreadable(name)) owned->extensions.push_back({name, value});
  Event event;
  event.letter = own.number;
  event.partition = own.partition;
  event.offset = own.offset;
  event.offset_next = Offset(own.offset.value + 1);
  event.version = own.version;
  event.origin = own.origin;
  event.source = own.source;
  event.type = own.type;
  event.subject = own.subject;
  event.content_type = own.content_type;
  event.time = own.time;
  event.extensions = owned->extensions;
  event.key = own.key;
  event.object_bytes = own.object_bytes;
  restore_id(own, event);
  const std::string_view data = own.data;
  event.data = Bytes(data, std::move(owned));
  return event;
}

ReplayFeed::ReplayFeed(Scheduler& scheduler, Log& log, Store& store, CommitSequencer& sequencer,
                       std::string pipeline, PipelineId id)
    : scheduler_(scheduler),
      log_(log),
      store_(store),
      sequencer_(sequencer),
      pipeline_(std::move(pipeline)),
      id_(id),
      wake_(scheduler) {}

void ReplayFeed::look_again() {
  page_.clear();
  after_ = 0;
  idle_ = false;
  stale_ = reading_;
  wake_.notify();
}

const ReplayFeed::UnderWay* ReplayFeed::find(std::uint64_t number) const {
  const auto found = under_way_.find(number);
  return found == under_way_.end() ? nullptr : &found->second;
}

void ReplayFeed::done(std::uint64_t number) {
  under_way_.erase(number);
  if (reading_) done_meanwhile_.insert(number);
}

bool ReplayFeed::due(const MarkedLetter& marked) const {
  return marked.gap.count() == 0 || next_ <= scheduler_.now();
}

Task<> ReplayFeed::look() {
  if (page_.empty() && !idle_) co_await read();
}

Task<std::vector<DeadLetter>> ReplayFeed::take(std::size_t letters_max, std::uint64_t bytes_max) {
  std::vector<DeadLetter> taken;
  if (!page_.empty() && !due(page_.front())) {
    const Instant tick_end = scheduler_.now() + tick;
    co_await wake_.wait_until(std::max(next_, tick_end));
  }
  std::uint64_t bytes = 0;
  while (!page_.empty() && taken.size() < letters_max && due(page_.front())) {
    DeadLetter& letter = page_.front().letter;
    bytes += letter.data.size() + letter.object_bytes;
    if (!taken.empty() && bytes > bytes_max) break;
    if (page_.front().gap.count() > 0)
      next_ = std::max(next_, scheduler_.now() - burst) + page_.front().gap;
    under_way_[letter.number] = {letter.replays, letter.first_died, letter.function_version,
                                 letter.taken_by};
    taken.push_back(std::move(letter));
    page_.pop_front();
  }
  co_return taken;
}

Task<> ReplayFeed::read() {
  reading_ = true;
  const WallTime now = scheduler_.wall();
  auto look = [this, now, after = after_] {
    return store_.replays(id_, after, page_letters, page_bytes, now);
  };
  auto page = co_await run_on(sequencer_.disk(), std::move(look));
  reading_ = false;
  const std::set<std::uint64_t> done = std::exchange(done_meanwhile_, {});
  if (!page) {
    sequencer_.look_at(page.error());
    log_.write(LogLevel::warning,
               pipeline_ + ": the dead letters to replay cannot be read: " + page.error().message);
    const Duration pause = backoff(read_again, ++failed_reads_, scheduler_.random());
    co_await wake_.wait_until(scheduler_.now() + pause);
    co_return;
  }
  failed_reads_ = 0;
  if (std::exchange(stale_, false)) co_return;
  idle_ = page->empty();
  if (!page->empty()) after_ = page->back().letter.number;
  for (MarkedLetter& marked : *page) {
    const std::uint64_t number = marked.letter.number;
    const bool again = under_way_.contains(number) || done.contains(number);
    if (!again || mutated(Mutation::replay_twice)) page_.push_back(std::move(marked));
  }
}

}  // namespace tidemill

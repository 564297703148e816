#include "schedule_source.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "template_text/dice.h"
#include "template_text/utc_text.h"

namespace tidemill::schedule {
namespace {

using std::chrono::seconds;

constexpr std::string_view event_type = "com.tidemill.schedule";
constexpr std::size_t events_per_poll_max = 1024;
constexpr int instants_told = 3;

// The clock on the wall may be set meanwhile: it is looked at this often.
constexpr Duration look_every = seconds(5);

// Clocks that are kept right go back a little now and then.
constexpr seconds step_back_told = std::chrono::minutes(1);

Seconds seconds_of(WallTime wall) {
  return Seconds(std::chrono::duration_cast<seconds>(Duration(wall.value)));
}

std::uint64_t count_of(Seconds instant) {
  return static_cast<std::uint64_t>(instant.time_since_epoch().count());
}

std::string shown(Seconds instant) {
  std::array<char, template_text::utc_text_bytes> text{};
  template_text::put_utc(text.data(), count_of(instant) * 1'000'000);
  return std::string(text.data(), 19) + "Z";
}

}  // namespace

ScheduleSource::ScheduleSource(const Config& config, Timetable timetable, ScheduledPayload payload,
                               Services services)
    : config_(config),
      timetable_(std::move(timetable)),
      payload_(std::move(payload)),
      services_(std::move(services)),
      identity_(std::make_shared<const std::string>(identity_of(config))),
      first_start_(services_.data_folder, services_.pipeline, *identity_),
      wake_(services_.scheduler) {}

SourceTraits ScheduleSource::traits() const {
  return {.progress = ProgressKind::log, .can_exhaust = false};
}

Task<Result<std::string>> ScheduleSource::reach() {
  std::string text;
  std::optional<Seconds> at = seconds_of(services_.scheduler.wall());
  for (int i = 0; i < instants_told; ++i) {
    at = timetable_.next(*at);
    if (!at) break;
    text += (text.empty() ? "next at " : ", ") + shown(*at);
  }
  if (text.empty()) text = "has no instant any more";
  co_return text;
}

Task<Result<>> ScheduleSource::open(const Progress& progress) {
  const auto settled = progress.next(Partition(0));
  const Seconds now = seconds_of(services_.scheduler.wall());
  Seconds begin{};
  last_.reset();
  if (settled) {
    begin = Seconds(seconds(settled->value));
    last_ = begin - seconds(1);
  } else {
    auto work = [this, now] { return first_start_.read_or_note(now); };
    auto first = co_await run_blocking(services_.scheduler, std::move(work));
    if (!first) co_return std::unexpected(first.error());
    begin = *first;
  }
  judged_ = begin;
  next_ = timetable_.next_from(begin);
  if (!next_) say(LogLevel::warning, "has no instant after " + shown(begin));
  co_return Result<>();
}

// With its delay by lot.
WallTime ScheduleSource::due(Seconds instant) const {
  std::uint64_t micros = count_of(instant) * 1'000'000;
  if (config_.jitter.count() > 0)
    micros += template_text::within(payload_.dice(instant),
                                    static_cast<std::uint64_t>(config_.jitter.count()) - 1);
  return WallTime(micros);
}

// What is later by more than `grace`, whatever the reason, is missed: the engine was down, the
// clock was set forward, the pipeline took nothing.
void ScheduleSource::judge_missed() {
  const Duration now(services_.scheduler.wall().value);
  const Seconds bound(std::chrono::floor<seconds>(now - config_.grace - config_.jitter));
  if (!next_ || *next_ < judged_ || *next_ >= bound) return;
  const Seconds first = *next_;
  judged_ = bound;
  switch (config_.misfire) {
    case Misfire::skip:
      next_ = timetable_.next_from(bound);
      break;
    case Misfire::once:
      // One for all that is due by now, or there would be another one that is late by less.
      judged_ = Seconds(std::chrono::floor<seconds>(now - config_.jitter)) + seconds(1);
      next_ = timetable_.latest(first, judged_, 1);
      break;
    case Misfire::all:
      next_ = timetable_.latest(first, bound, config_.misfire_limit);
      break;
  }
  if (next_ == first) return;
  say(LogLevel::warning, "missed instants from " + shown(first) + " on; goes on with " +
                             (next_ ? shown(*next_) : std::string("none")));
}

Task<Result<PollEnd>> ScheduleSource::poll(Credit credit, std::vector<Event>& out) {
  while (!interrupted_) {
    judge_missed();
    const WallTime wall = services_.scheduler.wall();
    Duration wait = look_every;
    if (next_) {
      const WallTime at = due(*next_);
      if (at <= wall) {
        take_due(credit, out);
        co_return PollEnd::more;
      }
      wait = std::min(wait, Duration(at.value - wall.value));
    }
    const Instant until = services_.scheduler.now() + wait;
    std::ignore = co_await wake_.wait_until(until);
  }
  co_return fail(Fault::cancelled, "interrupted");
}

void ScheduleSource::take_due(Credit credit, std::vector<Event>& out) {
  const WallTime wall = services_.scheduler.wall();
  std::uint64_t taken = 0;
  std::uint64_t taken_bytes = 0;
  while (next_ && taken < events_per_poll_max && due(*next_) <= wall) {
    // One that is missed by now is judged at the next poll.
    auto data = Bytes::adopt(payload_.text(*next_));
    if (!credit.allows(data.size(), taken, taken_bytes)) return;
    ++taken;
    taken_bytes += data.size();
    out.push_back(event_of(*next_, std::move(data)));
    last_ = *next_;
    next_ = timetable_.next(*next_);
  }
  if (!next_) say(LogLevel::info, "has had its last instant, " + shown(*last_));
}

Event ScheduleSource::event_of(Seconds instant, Bytes data) const {
  Event event;
  event.offset = Offset(count_of(instant));
  event.offset_next = Offset(count_of(instant) + 1);
  // The event's one owner keeps the identity too.
  using Owners = std::pair<std::shared_ptr<const void>, std::shared_ptr<const std::string>>;
  const auto owners = std::make_shared<const Owners>(data.owner(), identity_);
  event.data = Bytes(data.view(), owners);
  event.source = *identity_;
  event.type = event_type;
  event.content_type = "application/json";
  event.time = EventTime(count_of(instant) * 1'000'000);
  event.ingested = IngestTime(services_.scheduler.wall().value);
  return event;
}

void ScheduleSource::say(LogLevel level, const std::string& sentence) {
  services_.log.write(level, services_.pipeline + ": " + *identity_ + " " + sentence);
}

void ScheduleSource::interrupt() {
  interrupted_ = true;
  wake_.notify();
}

Task<Result<>> ScheduleSource::settle(std::span<const Settled> settled) {
  std::ignore = settled;  // Progress is wholly the engine's.
  co_return Result<>();
}

std::string ScheduleSource::trouble() const {
  const Seconds now = seconds_of(services_.scheduler.wall());
  if (!last_ || now + step_back_told >= *last_) return {};
  return "the clock shows " + shown(now) + ", but what is due until " + shown(*last_) +
         " was delivered; nothing is until then";
}

Task<> ScheduleSource::close() { co_return; }

}  // namespace tidemill::schedule

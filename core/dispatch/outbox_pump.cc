#include "core/dispatch/outbox_pump.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/fault_name.h"
#include "core/base/mutation.h"
#include "core/dispatch/sink_writer.h"
#include "core/dispatch/verdict.h"

namespace tidemill {
namespace {

// One write to the sink: as large as a batch usually is.
constexpr std::size_t page_effects = 256;
constexpr std::uint64_t page_bytes = 4u << 20;

// While they are only counted.
constexpr std::size_t count_effects = 16'384;

constexpr Backoff read_again{.initial = std::chrono::seconds(1), .max = std::chrono::minutes(1)};

Event event_of(const QueuedEffect& queued) {
  Event event;
  event.partition = queued.partition;
  event.offset = queued.offset;
  event.offset_next = Offset(queued.offset.value + 1);
  event.version = queued.version;
  event.id = queued.event_id;
  event.source = queued.source;
  event.type = queued.type;
  event.subject = queued.subject;
  event.key = queued.event_key;
  event.time = queued.time;
  return event;
}

}  // namespace

// What is under way: effects as they were stored, and as a sink wants them.
struct OutboxPump::Page {
  std::vector<QueuedEffect> queued;
  std::vector<Event> events;
  std::vector<Attribute> metadata;
  std::vector<Effect> effects;
  std::vector<DeadLetter> dead;
  std::vector<bool> given_up;

  void lay_out() {
    std::size_t attributes = 0;
    for (const QueuedEffect& one : queued) attributes += one.metadata.size();
    metadata.reserve(attributes);  // Effects point into it.
    for (std::uint32_t i = 0; i < queued.size(); ++i) {
      const QueuedEffect& one = queued[i];
      events.push_back(event_of(one));
      const std::size_t first = metadata.size();
      for (const auto& [name, value] : one.metadata) metadata.push_back({name, value});
      effects.push_back({.kind = one.kind,
                         .event = i,
                         .ordinal = one.ordinal,
                         .key = one.key,
                         .content_type = one.content_type,
                         .data = one.data,
                         .metadata = std::span(metadata).subspan(first)});
    }
    given_up.resize(queued.size());
  }
};

OutboxPump::OutboxPump(Scheduler& scheduler, Log& log, Store& store, CommitSequencer& sequencer,
                       Target& target, Config config, Callbacks callbacks)
    : scheduler_(scheduler),
      log_(log),
      store_(store),
      sequencer_(sequencer),
      target_(target),
      config_(std::move(config)),
      callbacks_(std::move(callbacks)),
      wake_(scheduler) {}

std::uint64_t OutboxPump::bytes_of(const QueuedEffect& effect) {
  std::uint64_t bytes = effect.bytes() + effect.content_type.size() + effect.event_id.size() +
                        effect.source.size() + effect.type.size() + effect.subject.size() +
                        effect.version.size() + effect.event_key.size();
  for (const auto& [name, value] : effect.metadata) bytes += name.size() + value.size();
  return bytes;
}

void OutboxPump::added(std::uint64_t effects, std::uint64_t bytes) {
  waiting_ += effects;
  waiting_bytes_ += bytes;
  wake_.notify();
}

void OutboxPump::set_waiting(std::uint64_t effects, std::uint64_t bytes) {
  const bool was_full = full();
  waiting_ = effects;
  waiting_bytes_ = bytes;
  if (was_full && !full()) callbacks_.room_came();
}

// Not further than the bounds: behind them is more than may wait, however much it is.
Task<> OutboxPump::count() {
  std::uint64_t last = 0;
  while (!at_bound()) {
    const auto page = co_await read(last, count_effects);
    if (!page) co_return;
    if (page->empty()) break;
    waiting_ += page->size();
    for (const QueuedEffect& effect : *page) waiting_bytes_ += bytes_of(effect);
    last = page->back().number;
  }
  counted_ = true;
  if (!full()) callbacks_.room_came();
}

void OutboxPump::finish() {
  finishing_ = true;
  wake_.notify();
}

void OutboxPump::stop() {
  stopping_ = true;
  wake_.notify();
}

Task<Result<>> OutboxPump::run() {
  co_await count();
  while (!stopping_ && !sequencer_.failure()) {
    Page page;
    // What finds nothing may be older than the last effects that came before finish().
    const bool last_look = finishing_;
    auto queued = co_await read(delivered_, page_effects);
    if (!queued) break;
    if (queued->empty()) {
      set_waiting(0, 0);
      if (last_look) break;
      // Only what came since the read began is waited for.
      if (!finishing_) co_await wake_.wait();
      continue;
    }
    page.queued = std::move(*queued);
    page.lay_out();
    if (mutated(Mutation::deliver_backwards)) std::ranges::reverse(page.effects);
    if (mutated(Mutation::deliver_after_removal)) std::ignore = co_await commit(page);
    const bool delivered = co_await deliver(page);
    if (!delivered) break;
    if (mutated(Mutation::deliver_after_removal)) continue;
    const bool committed = co_await commit(page);
    if (!committed) break;
  }
  if (sequencer_.failure()) co_return std::unexpected(*sequencer_.failure());
  co_return Result<>{};
}

// However often it takes: a read that fails is no reason for its pipeline to end.
Task<std::optional<std::vector<QueuedEffect>>> OutboxPump::read(std::uint64_t after,
                                                                std::size_t effects) {
  for (std::uint32_t attempt = 1; !stopping_ && !sequencer_.failure(); ++attempt) {
    auto look = [this, after, effects] {
      return store_.queued(target_.binding.outbox, after, effects, page_bytes);
    };
    auto queued = co_await run_on(sequencer_.disk(), std::move(look));
    if (queued) co_return std::move(*queued);
    log_.write(LogLevel::warning, config_.pipeline + ": the outbox of sink " +
                                      target_.binding.name +
                                      " cannot be read: " + queued.error().message);
    const Instant again = scheduler_.now() + backoff(read_again, attempt, scheduler_.random());
    while (!stopping_ && scheduler_.now() < again) co_await wake_.wait_until(again);
  }
  co_return std::nullopt;
}

Task<bool> OutboxPump::deliver(Page& page) {
  SinkWrite write;
  write.pipeline = config_.pipeline;
  write.events = page.events;
  write.effects = page.effects;
  write.ordering = Ordering::ordered;
  write.give_up = [this, &page](const Effect& effect, const Error& error, std::uint32_t attempts) {
    const QueuedEffect& lost = page.queued[effect.event];
    page.given_up[effect.event] = true;
    const WallTime now = scheduler_.wall();
    const auto keep = static_cast<std::uint64_t>(config_.dead_letter.keep.count());
    DeadLetter letter{.event_id = event_id(page.events[effect.event]),
                      .stage = Stage::sink,
                      .sink = target_.binding.name,
                      .code = std::string(fault_name(error.fault)),
                      .reason = error.message,
                      .attempts = attempts,
                      .replays = lost.replays,
                      .first_died = lost.replays > 0 ? lost.first_died : now,
                      .died = now,
                      .expires = WallTime(now.value + keep),
                      .partition = lost.partition,
                      .offset = lost.offset,
                      .id = lost.event_id,
                      .source = lost.source,
                      .type = lost.type,
                      .subject = lost.subject,
                      .version = lost.version,
                      .content_type = lost.content_type,
                      .key = lost.key,
                      .data = lost.data,
                      .extensions = lost.metadata,
                      .time = lost.time,
                      .effect = DeadEffect{lost.kind, lost.ordinal, lost.event_key}};
    page.dead.push_back(std::move(letter));
  };
  write.given_up = [&page](const Effect& effect) { return bool{page.given_up[effect.event]}; };
  write.waits = [this](const Error& error) {
    log_.write(LogLevel::warning, config_.pipeline + ": sink " + target_.binding.name +
                                      " is waited for: " + error.message);
  };
  write.stop = [this] { return stopping_; };
  const bool settled = co_await write_until_settled(scheduler_, target_, std::move(write));
  co_return settled;
}

Task<bool> OutboxPump::commit(Page& page) {
  CommitPart part{.pipeline = config_.id};
  std::uint64_t bytes = 0;
  for (const QueuedEffect& one : page.queued) {
    part.delivered.emplace_back(target_.binding.outbox, one.number);
    bytes += bytes_of(one);
  }
  if (config_.dead_letter.enabled) part.dead_letters = page.dead;
  const auto committed = co_await sequencer_.commit(part, config_.durability);
  if (!committed) co_return false;
  delivered_ = page.queued.back().number;
  // What it read may be more than it was told of so far.
  const std::uint64_t effects = std::min<std::uint64_t>(waiting_, page.queued.size());
  set_waiting(waiting_ - effects, waiting_bytes_ - std::min(waiting_bytes_, bytes));
  for (const DeadLetter& letter : page.dead) callbacks_.died(letter);
  co_return true;
}

}  // namespace tidemill

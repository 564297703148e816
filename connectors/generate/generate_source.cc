#include "generate_source.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::generate {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::uint64_t events_per_poll_max = 4096;
constexpr std::uint64_t arena_bytes_max = 1024 * 1024;

// High rates are met in small bursts rather than by a timer per event.
constexpr auto wait_min = std::chrono::milliseconds(1);

// What a slow pipeline did not take is not made up for later beyond this.
constexpr auto backlog_max = std::chrono::seconds(1);

std::string identity_of(const Config& config) {
  std::string identity = "generate:seed=" + std::to_string(config.seed) +
                         "&size=" + std::to_string(config.size.value) +
                         "&keys=" + std::to_string(config.keys);
  if (config.partitions > 1) identity += "&partitions=" + std::to_string(config.partitions);
  if (config.payload.empty()) return identity;
  const std::string all =
      config.payload + '\n' + config.time.start + '\n' + std::to_string(config.time.step.count());
  return identity + "&payload=" + std::to_string(XXH3_64bits(all.data(), all.size()));
}

}  // namespace

// What the events of one poll share.
struct GenerateSource::Arena {
  std::unique_ptr<char[]> bytes;
  std::shared_ptr<const Strings> strings;
};

GenerateSource::GenerateSource(const Config& config,
                               std::unique_ptr<template_text::Payload> payload, Services services)
    : config_(config),
      services_(std::move(services)),
      strings_(std::make_shared<const Strings>(identity_of(config), config.content_type)),
      payload_(std::move(payload)),
      key_(config.key),
      wake_(services_.scheduler),
      next_(config.partitions) {}

SourceTraits GenerateSource::traits() const {
  return {.progress = ProgressKind::log, .can_exhaust = config_.count > 0};
}

Task<Result<>> GenerateSource::open(const Progress& progress) {
  turn_ = 0;
  given_ = 0;
  for (std::uint32_t partition = 0; partition < config_.partitions; ++partition) {
    next_[partition] = progress.next(Partition(partition)).value_or(Offset(0)).value;
    given_ += next_[partition];
  }
  first_ = given_;
  started_ = services_.scheduler.now();
  co_return Result<>();
}

// Events that may have been handed over by now, earlier lives included.
std::uint64_t GenerateSource::due() const {
  if (config_.rate.per_second <= 0) return std::numeric_limits<std::uint64_t>::max();
  const Seconds passed = services_.scheduler.now() - started_;
  return first_ + 1 + static_cast<std::uint64_t>(passed.count() * config_.rate.per_second);
}

Task<Result<PollEnd>> GenerateSource::poll(Credit credit, std::vector<Event>& out) {
  while (!interrupted_) {
    const std::uint64_t end =
        config_.count > 0 ? config_.count : std::numeric_limits<std::uint64_t>::max();
    if (given_ >= end) co_return PollEnd::exhausted;
    const std::uint64_t ready = std::min(due(), end);
    if (ready > given_) {
      make(ready - given_, credit, out);
      co_return given_ >= end ? PollEnd::exhausted : PollEnd::more;
    }
    const Seconds until_due{static_cast<double>(given_ - first_) / config_.rate.per_second};
    const Instant due_at = started_ + std::chrono::ceil<std::chrono::microseconds>(until_due);
    const Instant at = std::max(due_at, services_.scheduler.now() + wait_min);
    co_await wake_.wait_until(at);
  }
  co_return fail(Fault::cancelled, "interrupted");
}

// How many events there are of a partition.
std::uint64_t GenerateSource::end_of(std::uint64_t partition) const {
  if (config_.count == 0) return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t rest = config_.count % config_.partitions;
  return config_.count / config_.partitions + (partition < rest ? 1 : 0);
}

// After a restart some partitions may be further than others. Precondition: one is not at its end.
void GenerateSource::turn_to_what_is_left() {
  while (next_[turn_] >= end_of(turn_)) turn_ = (turn_ + 1) % config_.partitions;
}

void GenerateSource::make(std::uint64_t count, Credit credit, std::vector<Event>& out) {
  const std::uint64_t bytes_each = std::max<std::uint64_t>(1, payload_->bytes_max());
  count = std::min({count, std::uint64_t{credit.events}, events_per_poll_max,
                    std::max<std::uint64_t>(1, arena_bytes_max / bytes_each)});
  const WallTime now = services_.scheduler.wall();
  const auto arena = std::make_shared<const Arena>(
      std::make_unique_for_overwrite<char[]>(count * bytes_each), strings_);
  const std::shared_ptr<const void> owner = arena;
  char* to = arena->bytes.get();
  std::uint64_t taken_bytes = 0;
  for (std::uint64_t taken = 0; taken < count; ++taken) {
    turn_to_what_is_left();
    std::uint64_t& offset = next_[turn_];
    const auto [text, key] = payload_->write(offset * config_.partitions + turn_, to);
    if (!credit.allows(text.size(), taken, taken_bytes)) break;
    taken_bytes += text.size();
    to += text.size();
    Event& event = out.emplace_back();
    event.partition = Partition(static_cast<std::uint32_t>(turn_));
    event.offset = Offset(offset++);
    event.offset_next = Offset(offset);
    event.source = strings_->identity;
    event.type = "tidemill.generate";
    event.content_type = strings_->content_type;
    event.time = EventTime(now.value);
    event.ingested = IngestTime(now.value);
    event.key = config_.key.empty() ? key : key_.in(text);
    event.data = Bytes(text, owner);
    turn_ = (turn_ + 1) % config_.partitions;
    ++given_;
  }
  if (config_.rate.per_second <= 0) return;
  // Forget what lies too far back.
  const std::uint64_t backlog_events =
      static_cast<std::uint64_t>(config_.rate.per_second * Seconds(backlog_max).count()) + 1;
  if (due() <= given_ + backlog_events) return;
  first_ = given_;
  started_ = services_.scheduler.now() - backlog_max;
}

void GenerateSource::interrupt() {
  interrupted_ = true;
  wake_.notify();
}

Task<Result<>> GenerateSource::settle(std::span<const Settled> settled) {
  std::ignore = settled;  // Progress is wholly the engine's.
  co_return Result<>();
}

Task<> GenerateSource::close() { co_return; }

}  // namespace tidemill::generate

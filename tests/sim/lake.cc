#include "tests/sim/lake.h"

#include <utility>

namespace tidemill::sim {
namespace {

// Names are numbers: see ModelStore::stream().
StreamId stream_of(World& world, const Flow& flow) {
  const StreamId stream = flow.archive_stream();
  const auto made =
      world.engine_store().stream(StreamKind::archive, std::to_string(stream.value), 0);
  world.expect(made && made->id == stream, "the stage of an archive has another number");
  return stream;
}

}  // namespace

ObjectPlan SimBucket::plan(Hour hour, std::string_view name) const {
  return {std::to_string(hour.time_since_epoch().count()) + '/' + std::string(name), "names"};
}

Task<Result<>> SimBucket::work() {
  co_await sleep_until(scheduler_, scheduler_.now() + Duration(scheduler_.random() % 50'000));
  if (scheduler_.random() % 1000 < flow_.bucket_flaky) co_return fail(Fault::transient, "down");
  co_return Result<>{};
}

Task<Result<>> SimBucket::begin(const ObjectPlan& plan) {
  world_.expect(!begun_, "an object is begun before another has ended");
  begun_ = true;
  key_ = plan.key;
  events_.clear();
  co_return co_await work();
}

Task<Result<>> SimBucket::add(std::span<const Event> events) {
  for (const Event& event : events) events_.emplace_back(name_in(event.data.view()));
  co_return co_await work();
}

// A bucket may have an object, and its answer gets lost.
Task<Result<std::uint64_t>> SimBucket::finish() {
  const Result<> before = co_await work();
  if (!before) co_return std::unexpected(before.error());
  put();
  const Result<> behind = co_await work();
  if (!behind) co_return std::unexpected(behind.error());
  begun_ = false;
  co_return events_.size();
}

Task<> SimBucket::abandon() {
  begun_ = false;
  co_return;
}

void SimBucket::put() {
  world_.trace.note(key_);
  const auto [found, made] = world_.objects[flow_.index].try_emplace(key_, events_);
  world_.expect(made || found->second == events_, key_ + " was overwritten with other events");
  world_.expect(is_noted(), key_ + " is there, and a power cut may take back what it is to hold");
}

// Commits are on disk in their order: with the note is all that it speaks of.
bool SimBucket::is_noted() const {
  const auto page =
      world_.store.durable().streams.read(flow_.archive_stream(), archive_plans, 0, 1, 1u << 20);
  return !page.records.empty() && page.records.front().key == key_;
}

Lake::Lake(World& world, const Flow& flow, Scheduler& scheduler, Log& log,
           CommitSequencer& sequencer)
    : bucket_(world, flow, scheduler),
      stage_(stream_of(world, flow), scheduler, flow.archive.staged_bytes_max),
      roller_(scheduler, log, world.engine_store(), sequencer, stage_, bucket_,
              {.pipeline = flow.config.name,
               .sink = "lake",
               .id = flow.config.id,
               .object_name = flow.config.name,
               .backoff = flow.config.retry.backoff}),
      ended_(scheduler) {}

SinkBinding Lake::binding() {
  SinkBinding binding{.name = "lake", .takes = Takes::event, .is_stream = true, .outlet = &stage_};
  binding.archiving = Archiving{.time = *expression::Expression::compile("$event.headers.ts"),
                                .attributes = bucket_.policy().attributes};
  return binding;
}

Task<> Lake::run() {
  // What it cannot read or write, the sequencer knows as well.
  std::ignore = co_await roller_.run();
  ran_ = true;
  ended_.notify();
}

Task<> Lake::end(bool whole) {
  if (whole) {
    roller_.finish();
  } else {
    roller_.stop();
  }
  while (!ran_) co_await ended_.wait();
}

}  // namespace tidemill::sim

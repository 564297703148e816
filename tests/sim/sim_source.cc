#include <algorithm>
#include <deque>
#include <memory>

#include "tests/sim/edges.h"

namespace tidemill::sim {
namespace {

struct Held {
  std::deque<std::string> texts;
  Attribute header{};
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

}  // namespace

SimSource::SimSource(World& world, const Flow& flow, Scheduler& scheduler)
    : world_(world),
      flow_(flow),
      scheduler_(scheduler),
      upstream_(world.upstreams[flow.index]),
      wake_(scheduler) {}

Task<Result<>> SimSource::open(const Progress& progress) {
  for (std::uint32_t p = 0; p < flow_.partitions; ++p)
    next_.push_back(progress.next(Partition(p)).value_or(Offset(0)).value);
  progress.each_object(
      [&](std::string_view key, std::string_view) { settled_objects_.emplace(key); });
  co_return Result<>{};
}

// A few events at a time, from partitions at random, after a pause.
Task<Result<PollEnd>> SimSource::poll(Credit credit, std::vector<Event>& out) {
  world_.expect(credit.events > 0, "a source was polled without credit");
  const Instant until = scheduler_.now() + Duration(scheduler_.random() % 50'000);
  while (!interrupted_ && scheduler_.now() < until) co_await wake_.wait_until(until);
  const std::uint64_t wanted = 1 + scheduler_.random() % 16;
  std::uint64_t bytes = 0;
  while (out.size() < wanted && append_one(out, credit, bytes)) {
  }
  // Where every partition with events is held back there is nothing to do but to wait.
  while (!interrupted_ && out.empty() && !exhausted() && !paused_.empty()) {
    co_await wake_.wait();
    append_one(out, credit, bytes);
  }
  if (interrupted_) co_return fail(Fault::cancelled, "interrupted");
  co_return exhausted() ? PollEnd::exhausted : PollEnd::more;
}

bool SimSource::append_one(std::vector<Event>& out, const Credit& credit, std::uint64_t& bytes) {
  return flow_.progress == ProgressKind::queue ? append_of_queue(out, credit, bytes)
                                               : append_of_log(out, credit, bytes);
}

bool SimSource::append_of_log(std::vector<Event>& out, const Credit& credit, std::uint64_t& bytes) {
  const auto first = static_cast<std::uint32_t>(scheduler_.random() % next_.size());
  for (std::uint32_t i = 0; i < next_.size(); ++i) {
    const std::uint32_t p = (first + i) % static_cast<std::uint32_t>(next_.size());
    while (next_[p] < flow_.events_per_partition && !paused_.contains(p)) {
      Event event = make(p, next_[p]);
      const bool settled =
          flow_.progress == ProgressKind::objects && settled_objects_.contains(event.subject);
      if (!settled && !credit.allows(event.bytes(), out.size(), bytes)) return false;
      ++next_[p];
      if (settled) continue;
      bytes += event.bytes();
      out.push_back(std::move(event));
      return true;
    }
  }
  return false;
}

bool SimSource::append_of_queue(std::vector<Event>& out, const Credit& credit,
                                std::uint64_t& bytes) {
  Queue& queue = upstream_.queue;
  if (queue.waiting.empty()) return false;
  const Queue::Message message = queue.waiting.front();
  Event event = make(0, message.index);
  if (!credit.allows(event.bytes(), out.size(), bytes)) return false;
  queue.waiting.pop_front();
  event.offset = Offset(queue.deliveries++);
  event.offset_next = Offset(queue.deliveries);
  queue.handed_out.emplace(event.offset.value, message);
  bytes += event.bytes();
  out.push_back(std::move(event));
  return true;
}

Event SimSource::make(std::uint32_t partition, std::uint64_t index) const {
  auto held = std::make_shared<Held>();
  const std::string name = event_name(flow_.index, partition, index);
  Event event;
  event.partition = Partition(partition);
  event.offset = Offset(index);
  event.offset_next = Offset(index + 1);
  event.source = "sim";
  event.key = held->keep(flow_.key(partition, index));
  if (flow_.progress == ProgressKind::objects) {
    event.subject = held->keep(name);
    event.version = held->keep(std::to_string(index));
  }
  if (flow_.progress == ProgressKind::queue) event.id = held->keep(name);
  event.time = flow_.time(partition, index);
  event.type = held->keep(flow_.type(partition, index));
  event.data = Bytes(held->keep(flow_.payload(partition, index)), held);
  held->header = {"ts", held->keep(std::to_string(flow_.happened(partition, index).value))};
  event.extensions = {&held->header, 1};
  return event;
}

bool SimSource::exhausted() const {
  if (flow_.progress == ProgressKind::queue) return upstream_.queue.waiting.empty();
  return std::ranges::all_of(next_, [&](auto next) { return next >= flow_.events_per_partition; });
}

void SimSource::pause(Partition partition, bool paused) {
  if (paused) {
    paused_.insert(partition.value);
  } else {
    paused_.erase(partition.value);
  }
  wake_.notify();
}

void SimSource::interrupt() {
  interrupted_ = true;
  wake_.notify();
}

Task<Result<>> SimSource::settle(std::span<const Settled> settled) {
  world_.expect(!settling_, "settle() overlaps itself");
  settling_ = true;
  // Never more often in a row than a pipeline tries at its end.
  if (ack_failures_ < 2 && scheduler_.random() % 1000 < flow_.ack_flaky) {
    ++ack_failures_;
    co_await sleep_until(scheduler_, scheduler_.now() + Duration(scheduler_.random() % 20'000));
    settling_ = false;
    // Where a later acknowledgement says the same again, the source may also be past help.
    const bool refuses = flow_.progress == ProgressKind::log && scheduler_.random() % 4 == 0;
    co_return fail(refuses ? Fault::bad_config : Fault::throttled, "busy");
  }
  ack_failures_ = 0;
  for (const Settled& one : settled) {
    if (flow_.progress == ProgressKind::log) {
      std::uint64_t& acked = upstream_.acked[one.partition.value];
      world_.trace.note("ack " + std::to_string(one.partition.value) + "@" +
                        std::to_string(one.offset.value));
      world_.expect(one.offset.value >= acked, "an acknowledgement went back");
      acked = one.offset.value;
    } else if (flow_.progress == ProgressKind::objects) {
      upstream_.acked_events.insert(std::stoull(std::string(one.version)));
    } else {
      const auto message = upstream_.queue.handed_out.extract(one.offset.value);
      world_.expect(!message.empty(), "a message was acknowledged that is not handed out");
      if (message.empty()) continue;
      upstream_.acked_events.insert(message.mapped().index);
      if (flow_.replies) check_told(one, message.mapped().index);
    }
  }
  co_await sleep_until(scheduler_, scheduler_.now() + Duration(scheduler_.random() % 20'000));
  settling_ = false;
  co_return Result<>{};
}

// A sender hears what the invocation that counts has replied to its own event, or why that was
// given up; and however often it asks, the same.
void SimSource::check_told(const Settled& settled, std::uint64_t index) {
  const std::string name = event_name(flow_.index, 0, index);
  const bool replied = settled.reply != nullptr;
  const std::string told = replied ? settled.reply->body : std::string(settled.failed);
  world_.trace.note("told " + name + ": " + told);
  const bool filtered = flow_.nature(0, index) == Nature::filtered;
  world_.expect(told.empty() == filtered,
                name + (filtered ? " was filtered, and its sender is told of more"
                                 : " has settled, and its sender is told nothing"));
  world_.expect(!replied || settled.failed.empty(), name + " has a reply, and has failed");
  world_.expect(!replied || told.starts_with(name + " "),
                "the sender of " + name + " is told what was replied to another");
  if (!flow_.exactly_once()) return;
  world_.expect(!replied || told == world_.replies[name],
                "the sender of " + name + " is told what an invocation that failed has replied");
  const auto [first, fresh] = world_.told.try_emplace(name, told);
  world_.expect(fresh || first->second == told,
                "the sender of " + name + " is told something else the next time");
}

}  // namespace tidemill::sim

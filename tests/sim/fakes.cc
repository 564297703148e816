#include "tests/sim/fakes.h"

#include <deque>
#include <memory>

namespace tidemill::sim {
namespace {

struct Held {
  std::deque<std::string> texts;
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
};

Duration up_to(Scheduler& scheduler, std::uint64_t micros) {
  return Duration(static_cast<std::int64_t>(scheduler.random() % (micros + 1)));
}

}  // namespace

Task<Result<>> FakeSource::open(const Progress& progress) {
  for (std::uint32_t p = 0; p < scenario_.partitions; ++p)
    next_.push_back(progress.next(Partition(p)).value_or(Offset(0)).value);
  progress.each_object([&](std::string_view key, std::string_view version) {
    settled_objects_.emplace(key, version);
  });
  co_return Result<>{};
}

// A few events at a time, from partitions at random, after a pause.
Task<Result<PollEnd>> FakeSource::poll(Credit credit, std::vector<Event>& out) {
  co_await wake_.wait_until(scheduler_.now() + up_to(scheduler_, 50'000));
  const std::uint64_t wanted = 1 + scheduler_.random() % 16;
  for (std::uint64_t i = 0; i < wanted && credit.events > 0; ++i)
    if (!append_one(credit, out)) break;
  bool left = false;
  for (const std::uint64_t next : next_) left |= next < scenario_.events_per_partition;
  co_return left ? PollEnd::more : PollEnd::exhausted;
}

bool FakeSource::append_one(Credit& credit, std::vector<Event>& out) {
  const std::uint32_t first = static_cast<std::uint32_t>(scheduler_.random() % next_.size());
  for (std::uint32_t i = 0; i < next_.size(); ++i) {
    const std::uint32_t p = (first + i) % static_cast<std::uint32_t>(next_.size());
    while (next_[p] < scenario_.events_per_partition) {
      const std::uint64_t index = next_[p]++;
      auto held = std::make_shared<Held>();
      Event event;
      event.partition = Partition(p);
      event.offset = Offset(index);
      event.offset_next = Offset(index + 1);
      event.source = "sim";
      event.key = held->keep(scenario_.key(p, index));
      if (scenario_.progress == ProgressKind::objects) {
        event.subject = held->keep(event_name(p, index));
        if (settled_objects_.contains(std::string(event.subject))) continue;
        event.version = held->keep(std::to_string(index));
      }
      event.data = Bytes(held->keep(event_name(p, index)), held);
      out.push_back(std::move(event));
      --credit.events;
      return true;
    }
  }
  return false;
}

Task<Answer> FakeInvoker::invoke(const Request& request) {
  co_await sleep_until(scheduler_, scheduler_.now() + up_to(scheduler_, 400'000));
  Answer answer;
  auto held = std::make_shared<Held>();
  for (std::uint32_t i = 0; i < request.events.size(); ++i) {
    const Event& event = request.events[i];
    const std::string name = event_name(event.partition.value, event.offset.value);
    trace_.note("invoke " + name);
    if (scenario_.is_poison(event.partition.value, event.offset.value)) {
      if (scenario_.poison_throws)
        answer.error = Error{Fault::transient, "threw at a poison event"};
      answer.failures.push_back({i, Fault::bad_event, "poison"});
      continue;
    }
    if (request.attempt == 1 && scenario_.is_flaky(event.partition.value, event.offset.value)) {
      answer.failures.push_back({i, Fault::transient, "not yet"});
      continue;
    }
    Effect message{.event = i, .output = 0, .key = event.key, .data = event.data.view()};
    Effect row{.kind = EffectKind::merge_row, .event = i, .output = 1, .operand = 1};
    answer.effects.push_back(message);
    row.key = held->keep("event:" + name);
    answer.effects.push_back(row);
    row.key = held->keep("key:" + std::string(event.key));
    answer.effects.push_back(row);
  }
  answer.keep = held;
  co_return answer;
}

Task<std::vector<Result<>>> FakeSink::write(SinkBatch batch) {
  co_await sleep_until(scheduler_, scheduler_.now() + up_to(scheduler_, 100'000));
  std::vector<Result<>> answers;
  for (const Effect& effect : batch.effects) {
    if (scheduler_.random() % 1000 < scenario_.sink_flaky) {
      answers.push_back(fail(Fault::transient, "busy"));
      continue;
    }
    ++receiver_.received[std::string(effect.data)];
    trace_.note("receive");
    trace_.note(effect.data);
    answers.push_back(Result<>{});
  }
  co_return answers;
}

}  // namespace tidemill::sim

#include "tests/sim/edges.h"
#include "tests/sim/witness.h"

namespace tidemill::sim {

std::string receipt(const std::string& event, std::string_view sink) {
  return event + " at " + std::string(sink);
}

Task<std::vector<Result<>>> SimSink::write(SinkBatch batch) {
  world_.expect(!writing_ || traits().concurrent_writes, "writes to a sink overlap");
  writing_ = true;
  co_await sleep_until(scheduler_, scheduler_.now() + Duration(scheduler_.random() % 100'000));
  std::vector<Result<>> answers;
  std::vector<std::string> names;
  for (const Effect& effect : batch.effects) {
    // A record of a success or a failure says which event it is about in its own words.
    const Event& event = batch.events[effect.event];
    std::string name(effect.data);
    constexpr std::string_view payload = "\"requestPayload\":";
    if (const auto found = name.find(payload); found != std::string::npos) {
      name = name_in(std::string_view(name).substr(found + payload.size()));
      world_.expect(name == name_in(event.data.view()), "a record is about another event");
    }
    names.push_back(name);
    const std::uint64_t index = event_index(name);
    const Nature nature = world_.nature(flow_, event.partition.value, index);
    if (refuses_ != Nature::healthy && nature == refuses_) {
      answers.push_back(fail(Fault::bad_event, "refused"));
    } else if ((refuses_ == Nature::refused && nature == Nature::worn_out) ||
               scheduler_.random() % 1000 < flow_.sink_flaky) {
      answers.push_back(fail(Fault::transient, "busy"));
    } else {
      ++world_.received[receipt(name, name_)];
      world_.trace.note(name_);
      world_.trace.note(name);
      answers.push_back(Result<>{});
    }
  }
  witness_.wrote(name_, batch, names, answers);
  writing_ = false;
  co_return answers;
}

}  // namespace tidemill::sim

#include "tests/sim/witness.h"

#include <algorithm>

#include "tests/sim/edges.h"

namespace tidemill::sim {
namespace {

constexpr std::string_view event_row = "event:";

bool busy(const Result<>& answer) { return !answer && answer.error().fault == Fault::transient; }

}  // namespace

void Witness::expect(bool holds, std::string_view name, std::string_view promise) {
  if (!holds) world_.expect(false, std::string(name) + std::string(promise));
}

void Witness::asked(const Request& request) {
  for (const Event& event : request.events) {
    const Place place(event.partition, event.offset);
    said_[place] = Said::nothing;
    places_[std::string(name_in(event.data.view()))] = place;
    for (auto& [sink, got] : got_) {
      got.taken.erase(place);
      got.refused.erase(place);
      got.tries.erase(place);
      got.open.erase(place);
    }
  }
}

// A failed event holds back what stands behind it in its order, and nothing else.
void Witness::answered(const Request& request, const Answer& answer) {
  const RetryPolicy& retry = flow_.config.retry;
  const bool by_key = flow_.config.order_by == OrderBy::key;
  const bool last = request.attempt >= retry.attempts;
  const bool halved = retry.bisect && request.events.size() > 1;
  std::set<std::string_view> failed;
  for (std::uint32_t i = 0; i < request.events.size(); ++i) {
    const Event& event = request.events[i];
    const std::string_view domain = by_key ? event.key : std::string_view("all");
    Said& said = said_[{event.partition, event.offset}];
    if (answer.error) {
      const bool dies = answer.error->fault != Fault::throttled && last && !halved;
      said = dies ? Said::dies : Said::comes_again;
      continue;
    }
    const auto failure = std::ranges::find(answer.failures, i, &EventFailure::event);
    if ((by_key || flow_.in_order()) && failed.contains(domain)) {
      said = Said::comes_again;
    } else if (failure == answer.failures.end()) {
      said = Said::settles;
    } else {
      said = last || failure->fault == Fault::bad_event ? Said::dies : Said::comes_again;
      failed.insert(domain);
    }
  }
}

void Witness::wrote(std::string_view sink, const SinkBatch& batch,
                    const std::vector<std::string>& names, const std::vector<Result<>>& answers) {
  const bool from_outbox = sink == "later";
  if (from_outbox) check_from_outbox(batch, names);
  const bool ordered = from_outbox || (flow_.in_order() && flow_.config.order_by != OrderBy::key);
  Got& got = got_[std::string(sink)];
  std::set<std::string_view> failed;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Effect& effect = batch.effects[i];
    const Event& event = batch.events[effect.event];
    const Place place(event.partition, event.offset);
    check_delivery(sink, place, names[i]);
    const std::string id = effect_id(batch, effect);
    const auto [known, first] = world_.effect_ids.emplace(receipt(names[i], sink), id);
    expect(known->second == id, names[i], " came to a sink under another id than before");

    const std::string_view domain = ordered ? std::string_view("all") : event.key;
    const bool follows = failed.contains(domain);
    const bool again = busy(answers[i]) && ++got.tries[place] < flow_.sink_retry.attempts;
    if (again) failed.insert(domain);
    if (answers[i]) {
      got.taken[place] = ++clock_;
      got.tries.erase(place);
    } else if (!again) {
      got.refused.insert(place);
      if (!from_outbox) said_[place] = Said::dies;
    }
    if (follows || again) {
      got.open.insert(place);
    } else {
      got.open.erase(place);
    }
  }
}

bool Witness::wants(std::string_view sink, std::string_view event) const {
  if (sink != "out" && sink != "later") return true;
  const Choosy which = sink == "out" ? Choosy::out : Choosy::later;
  return flow_.takes(which, event_partition(event), event_index(event));
}

void Witness::check_delivery(std::string_view sink, Place place, const std::string& name) {
  expect(wants(sink, name), name, " came to a sink whose `when` leaves it out");
  const Got& got = got_[std::string(sink)];
  expect(!got.refused.contains(place), name, " came to a sink again that had refused it");
  // A step may fail again at what is replayed, without anybody being asked.
  const bool anew = sink == "failures" && world_.replayed.contains(name);
  expect(!got.taken.contains(place) || got.open.contains(place) || anew, name,
         " came to a sink again that had taken it");
  if (sink == "later") return;
  const auto said = said_.find(place);
  if (sink == "failures") {  // Whoever is too old is given up without being asked about.
    expect(said == said_.end() || said->second == Said::dies, name,
           " has not failed for good, and a record says so");
  } else {
    expect(said != said_.end() && said->second == Said::settles, name,
           " came to a sink, and was not settled");
  }
}

// In the order of their numbers, and while they are there.
void Witness::check_from_outbox(const SinkBatch& batch, const std::vector<std::string>& names) {
  std::uint64_t last = left_;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Event& event = batch.events[batch.effects[i].event];
    const QueuedEffect* queued = queued_at({event.partition, event.offset});
    expect(queued != nullptr, names[i], " came to its sink, and is not in the outbox");
    if (queued == nullptr) continue;
    expect(queued->number > last, names[i], " left its outbox before what stands in front of it");
    last = queued->number;
  }
}

void Witness::commits(const CommitPart& part) {
  if (part.rows.empty() && !part.replayed.empty()) return note_replayed_effects(part);
  check_queued(part);
  check_rows(part);
  check_left(part);
}

// They go back into their outbox alone, and their sink is asked again.
void Witness::note_replayed_effects(const CommitPart& part) {
  world_.expect(part.queued.size() == part.replayed.size(),
                "dead effects leave, and do not go back into their outbox");
  Got& got = got_["later"];
  for (const QueuedEffect& effect : part.queued) {
    const Place place(effect.partition, effect.offset);
    expect(world_.replayed_later.contains(std::string(name_in(effect.data))), effect.data,
           " was queued again by nobody");
    got.taken.erase(place);
    got.refused.erase(place);
    got.open.erase(place);
  }
}

// Every event that settles is queued once, with its rows, and nothing else is.
void Witness::check_queued(const CommitPart& part) {
  std::multiset<std::string_view> settled, queued;
  for (const RowChange& row : part.rows)
    if (row.key.starts_with(event_row) && wants("later", row.key.substr(event_row.size())))
      settled.insert(row.key.substr(event_row.size()));
  for (const QueuedEffect& effect : part.queued) {
    queued.insert(effect.data);
    const auto said = said_.find({effect.partition, effect.offset});
    expect(said != said_.end() && said->second == Said::settles, effect.data,
           " was queued, and was not settled");
  }
  world_.expect(!flow_.queued_sink || queued == settled,
                "a commit queues other effects than those of the events it settles");
}

// Sinks first, and there in the order of the commits. Without dedupe, several events may have one
// name.
void Witness::check_rows(const CommitPart& part) {
  if (!flow_.direct_sink || !flow_.exactly_once()) return;
  const Got& got = got_["out"];
  for (const RowChange& row : part.rows) {
    if (!row.key.starts_with(event_row)) continue;
    const std::string_view name = row.key.substr(event_row.size());
    if (!wants("out", name)) continue;
    const auto place = places_.find(name);
    const auto taken = place == places_.end() ? got.taken.end() : got.taken.find(place->second);
    expect(taken != got.taken.end(), name, " is committed before its sink had it");
    if (taken == got.taken.end() || (!flow_.in_order() && !flow_.in_key_order())) continue;
    if (world_.replayed.contains(std::string(name))) continue;  // It comes when it comes.
    const auto [partition, offset] = place->second;
    std::string domain = std::to_string(partition.value);
    if (!flow_.in_order() || flow_.config.order_by == OrderBy::key)
      domain += " " + flow_.key(partition.value, event_index(name));
    std::uint64_t& before = last_taken_[domain];
    expect(before < taken->second, name,
           " came to its sink for the last time before what it follows");
    before = taken->second;
  }
}

// What leaves an outbox was delivered or refused, and all of it in order.
void Witness::check_left(const CommitPart& part) {
  const Got& got = got_["later"];
  for (const auto& [outbox, number] : part.delivered) {
    const auto& effects = world_.store.visible().outboxes.at(outbox);
    const auto found = effects.find(number);
    world_.expect(found != effects.end() && number > left_, "an effect leaves an outbox twice");
    if (found == effects.end()) continue;
    left_ = number;
    const Place place(found->second.partition, found->second.offset);
    if (got.refused.contains(place)) continue;
    const auto taken = got.taken.find(place);
    expect(taken != got.taken.end(), found->second.data, " left its outbox before its sink had it");
    if (taken == got.taken.end()) continue;
    expect(left_taken_ < taken->second, found->second.data,
           " came out of its outbox for the last time before what it follows");
    left_taken_ = taken->second;
  }
}

const QueuedEffect* Witness::queued_at(Place place) const {
  const auto& boxes = world_.store.visible().outboxes;
  const auto box = boxes.find(OutboxId(flow_.config.id.value));
  if (box == boxes.end()) return nullptr;
  for (const auto& [number, effect] : box->second)
    if (Place(effect.partition, effect.offset) == place) return &effect;
  return nullptr;
}

}  // namespace tidemill::sim

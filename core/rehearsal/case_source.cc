#include "core/rehearsal/case_source.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <utility>

namespace tidemill::rehearsal {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view created_type = "Object Created";

SourceTraits traits_of(const Source* real) {
  SourceTraits traits;
  if (real != nullptr) traits = real->traits();
  traits.can_exhaust = true;
  return traits;
}

// What a bucket says of an object, as far as it is known.
std::string object_notice(const CaseObject& object) {
  const boost::json::object notice{{"version", "0"},
                                   {"object", boost::json::object{{"key", object.key},
                                                                  {"size", object.content.size()},
                                                                  {"etag", object.version}}},
                                   {"reason", "PutObject"}};
  return boost::json::serialize(notice);
}

}  // namespace

CaseSource::CaseSource(Parts parts, Scheduler& scheduler, Journal& journal, Curtain& curtain)
    : parts_(std::move(parts)),
      traits_(traits_of(parts_.real.get())),
      identity_(parts_.real != nullptr ? parts_.real->identity() : parts_.identity),
      scheduler_(scheduler),
      journal_(journal),
      curtain_(curtain),
      wake_(scheduler) {
  curtain_.audience.push_back(&wake_);
  prepare(scheduler.now());
}

CaseSource::~CaseSource() { std::erase(curtain_.audience, &wake_); }

void CaseSource::prepare(Instant start) {
  std::map<std::uint32_t, std::uint64_t> next;
  for (CaseEvent& one : parts_.events) {
    if (one.object && one.data.empty()) {
      one.data = object_notice(*one.object);
      if (one.content_type.empty()) one.content_type = json_type;
      if (one.type.empty()) one.type = created_type;
    }
    const auto what = std::make_shared<const CaseEvent>(std::move(one));
    Event event = event_of(what);
    // Deliveries of a queue are numbered, whatever the partition.
    const bool queue = traits_.progress == ProgressKind::queue;
    event.partition = Partition(queue ? 0 : what->partition);
    event.offset = Offset(next[event.partition.value]++);
    event.offset_next = Offset(next[event.partition.value]);
    if (what->object) objects_[{what->object->key, what->object->version}] = what;
    waiting_.push_back({start + what->at, std::move(event)});
    ++curtain_.waiting;
  }
  parts_.events.clear();
}

Event CaseSource::event_of(const std::shared_ptr<const CaseEvent>& what) const {
  struct Owner {
    std::shared_ptr<const CaseEvent> what;
    std::string source;
    std::vector<Attribute> headers;
  };
  auto owner = std::make_shared<Owner>(what, identity_);
  for (const auto& [name, value] : what->headers) owner->headers.push_back({name, value});
  Event event;
  event.id = what->id;
  event.source = owner->source;
  event.type = what->type;
  event.subject = what->object ? what->object->key : what->subject;
  event.content_type = what->content_type;
  event.key = what->object && what->key.empty() ? what->object->key : what->key;
  event.extensions = owner->headers;
  const auto later = static_cast<std::uint64_t>(what->at.count());
  event.time = what->time.value_or(EventTime(parts_.start.value + later));
  if (what->object) {
    event.version = what->object->version;
    event.object_bytes = what->object->content.size();
  }
  event.data = Bytes(what->data, std::move(owner));
  return event;
}

Task<Result<>> CaseSource::open(const Progress&) { co_return Result<>{}; }

Task<Result<PollEnd>> CaseSource::poll(Credit credit, std::vector<Event>& out) {
  while (!interrupted_) {
    bool cramped = false;
    if (take_due(credit, out, cramped) || cramped) co_return PollEnd::more;
    if (waiting_.empty() && curtain_.fallen) co_return PollEnd::exhausted;
    const auto due = next_due();
    if (due) {
      co_await wake_.wait_until(*due);
    } else {
      co_await wake_.wait();
    }
  }
  co_return fail(Fault::cancelled, "interrupted");
}

bool CaseSource::take_due(Credit credit, std::vector<Event>& out, bool& cramped) {
  const Instant now = scheduler_.now();
  std::uint64_t bytes = 0;
  std::vector<Prepared> later;
  for (Prepared& one : waiting_) {
    const bool due = one.due <= now && !paused_.contains(one.event.partition);
    if (due && !cramped) cramped = !credit.allows(one.event.bytes(), out.size(), bytes);
    if (!due || cramped) {
      later.push_back(std::move(one));
      continue;
    }
    bytes += one.event.bytes();
    one.event.ingested = IngestTime(scheduler_.wall().value);
    std::ignore = journal_.name_of(one.event);
    out.push_back(std::move(one.event));
    --curtain_.waiting;
  }
  waiting_ = std::move(later);
  return !out.empty();
}

// Of what is paused nothing is due.
std::optional<Instant> CaseSource::next_due() const {
  const Instant now = scheduler_.now();
  for (const Prepared& one : waiting_)
    if (one.due > now || !paused_.contains(one.event.partition)) return std::max(one.due, now);
  return std::nullopt;
}

void CaseSource::pause(Partition partition, bool paused) {
  if (paused) {
    paused_.insert(partition);
  } else {
    paused_.erase(partition);
  }
  wake_.notify();
}

void CaseSource::interrupt() {
  interrupted_ = true;
  wake_.notify();
}

Task<Result<>> CaseSource::settle(std::span<const Settled>) {
  journal_.touch();
  co_return Result<>{};
}

Result<Bytes> CaseSource::read_object(const Event& event, std::uint64_t bytes_max) {
  const auto found = objects_.find({std::string(event.subject), std::string(event.version)});
  if (found == objects_.end()) return Source::read_object(event, bytes_max);
  const std::string& content = found->second->object->content;
  if (content.size() > bytes_max)
    return fail(Fault::bad_event, "the object is larger than what may be read of it");
  return Bytes(content, found->second);
}

Task<> CaseSource::close() { co_return; }

}  // namespace tidemill::rehearsal

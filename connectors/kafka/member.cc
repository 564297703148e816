// The part of Member that takes things out of its queue.
#include "member.h"

#include <chrono>
#include <utility>

#include "client_properties.h"

namespace tidemill::kafka {
namespace {

// Put aside while nobody polls, before partitions are paused.
constexpr std::size_t aside_max = 1000;
constexpr std::size_t aside_bytes_max = 1u << 20;

constexpr std::uint64_t queued_records = 100'000;  // `queued.min.messages`, unless that is set.

constexpr auto same_complaint_after = std::chrono::seconds(30);

}  // namespace

Member::Member(Shared& shared, std::shared_ptr<Client> client)
    : shared_(shared),
      scheduler_(shared.services.scheduler),
      client_(std::move(client)),
      buffer_(buffer_bytes(shared.config, shared.services)),
      wake_(scheduler_),
      ended_(scheduler_) {}

Member::~Member() {
  if (queue_) rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
}

Result<> Member::join(int wake_descriptor) {
  rd_kafka_t* const kafka = client_->get();
  // One queue for all there is.
  if (auto error = rd_kafka_poll_set_consumer(kafka); error)
    return fail(Fault::bad_config, rd_kafka_err2str(error));
  queue_.reset(rd_kafka_queue_get_consumer(kafka));
  static const std::uint64_t one = 1;  // An eventfd takes eight bytes.
  rd_kafka_queue_io_event_enable(queue_.get(), wake_descriptor, &one, sizeof one);
  const Offsets topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), shared_.config.topic.c_str(),
                                    RD_KAFKA_PARTITION_UA);
  if (auto error = rd_kafka_subscribe(kafka, topics.get()); error)
    return fail(Fault::bad_config, std::string("cannot subscribe: ") + rd_kafka_err2str(error));
  return {};
}

std::optional<Fetched> Member::next() {
  polled_ = true;
  for (;;) {
    Fetched one;
    if (!aside_.empty()) {
      one = std::move(aside_.front());
      aside_.pop_front();
    } else {
      aside_bytes_ = 0;
      if (held_back_) hold_back(false);
      one = pull();
      if (!one.event) return std::nullopt;
    }
    if (may_go(one)) return one;
  }
}

// The next record of the queue; sees to everything else that comes before it.
Fetched Member::pull() {
  while (EventHandle event{rd_kafka_queue_poll(queue_.get(), 0)}) {
    switch (rd_kafka_event_type(event.get())) {
      case RD_KAFKA_EVENT_FETCH: {
        const rd_kafka_message_t* const message = rd_kafka_event_message_next(event.get());
        if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
          count(*message);
          return {std::move(event), message};
        }
        if (message != nullptr) complain(rd_kafka_message_errstr(message));
        break;
      }
      case RD_KAFKA_EVENT_REBALANCE:
        on_rebalance(std::move(event));
        break;
      case RD_KAFKA_EVENT_ERROR:
        on_error(*event);
        break;
      default:
        break;
    }
  }
  return {};
}

void Member::count(const rd_kafka_message_t& pulled) {
  shared_.book[pulled.partition].pulled = pulled.offset + 1;
  ++pulled_;
  pulled_bytes_ += pulled.len;
  if (half_is_pulled_ || (pulled_ < queued_records / 2 && pulled_bytes_ < buffer_ / 2)) return;
  half_is_pulled_ = true;
  wake_.notify();
}

// False: it is not to be handed over, or not now; then it is kept.
bool Member::may_go(Fetched& fetched) {
  const std::int32_t partition = fetched.message->partition;
  if (!assigned_.contains(partition) || leaving_.contains(partition)) return false;
  const PartitionState& state = shared_.book[partition];
  if (fetched.message->offset < state.reached.value_or(0)) return false;
  if (!state.waits()) return true;
  parked_[partition].push_back(std::move(fetched));
  return false;
}

void Member::on_rebalance(EventHandle event) {
  const auto what = rd_kafka_event_error(event.get());
  if (what == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    const auto* const partitions = rd_kafka_event_topic_partition_list(event.get());
    for (int i = 0; i < partitions->cnt; ++i) leaving_.insert(partitions->elems[i].partition);
  }
  was_assigned_ = was_assigned_ || what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  rebalances_.push_back(std::move(event));
  wake_.notify();
}

void Member::on_error(const rd_kafka_event_t& event) {
  // The library's getters do not take a const one.
  auto* const given = const_cast<rd_kafka_event_t*>(&event);
  const auto error = rd_kafka_event_error(given);
  const OneOffset where(rd_kafka_event_topic_partition(given));
  if (error == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (!where || !assigned_.contains(where->partition)) return;
    // Behind the last record there may be offsets without any.
    PartitionState& state = shared_.book[where->partition];
    if (state.ends_at && where->offset >= *state.ends_at)
      state.ends_at = std::max(state.reached.value_or(0), state.pulled);
    shared_.changed();
  } else if (error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    if (!where) return;
    out_of_range_.insert(where->partition);
    wake_.notify();
  } else if (rd_kafka_event_error_is_fatal(given)) {
    std::string why(512, '\0');
    const auto cause = rd_kafka_fatal_error(client_->get(), why.data(), why.size());
    why.resize(why.find('\0'));
    const bool fenced = fault_of(cause) == Fault::fenced;
    fail_with({fenced ? Fault::fenced : Fault::bad_config, std::move(why), {}});
  } else if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
             error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
    fail_with({Fault::bad_config, rd_kafka_event_error_string(given), {}});
  } else {
    complain(rd_kafka_event_error_string(given));
  }
}

void Member::keep_alive() {
  if (std::exchange(polled_, false)) return;
  for (;;) {
    if (!held_back_ && (aside_.size() >= aside_max || aside_bytes_ >= aside_bytes_max))
      hold_back(true);
    Fetched one = pull();
    if (!one.event) break;
    aside_bytes_ += one.message->len;
    aside_.push_back(std::move(one));
  }
  if (!aside_.empty()) shared_.changed();
}

// What the client has fetched of paused partitions it drops, and fetches again later.
void Member::hold_back(bool held) {
  held_back_ = held;
  std::set<std::int32_t> theirs;
  for (const std::int32_t partition : assigned_)
    if (!shared_.book[partition].waits()) theirs.insert(partition);
  if (theirs.empty()) return;
  const Offsets list = list_of(theirs);
  if (held) {
    rd_kafka_pause_partitions(client_->get(), list.get());
  } else {
    rd_kafka_resume_partitions(client_->get(), list.get());
  }
}

void Member::pause(std::int32_t partition, bool paused) {
  if (!assigned_.contains(partition)) return;
  const Offsets list = list_of({partition});
  if (paused) {
    rd_kafka_pause_partitions(client_->get(), list.get());
    return;
  }
  if (auto parked = parked_.extract(partition); !parked.empty()) {
    auto& records = parked.mapped();
    while (!records.empty()) {
      aside_.push_front(std::move(records.back()));
      records.pop_back();
    }
    shared_.changed();
  }
  if (!held_back_) rd_kafka_resume_partitions(client_->get(), list.get());
}

void Member::drop(std::int32_t partition) {
  parked_.erase(partition);
  std::erase_if(aside_, [&](const Fetched& one) { return one.message->partition == partition; });
}

Offsets Member::list_of(const std::set<std::int32_t>& partitions) const {
  Offsets list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const std::int32_t partition : partitions)
    rd_kafka_topic_partition_list_add(list.get(), shared_.config.topic.c_str(), partition);
  return list;
}

bool Member::at_end() const {
  if (!assignment_known_ || !rebalances_.empty() || !leaving_.empty()) return false;
  for (const std::int32_t partition : assigned_)
    if (!shared_.book[partition].at_end()) return false;
  return true;
}

std::optional<std::uint64_t> Member::lag() const {
  std::optional<std::uint64_t> all;
  for (const std::int32_t partition : assigned_) {
    std::int64_t begin = -1, end = -1;
    const auto error = rd_kafka_get_watermark_offsets(client_->get(), shared_.config.topic.c_str(),
                                                      partition, &begin, &end);
    const auto& reached = shared_.book[partition].reached;
    if (error || end < 0 || !reached) continue;
    all = all.value_or(0) + static_cast<std::uint64_t>(std::max<std::int64_t>(0, end - *reached));
  }
  return all;
}

void Member::complain(std::string sentence) {
  const Instant now = scheduler_.now();
  if (sentence == last_complaint_ && now < complain_again_) return;
  last_complaint_ = std::move(sentence);
  complain_again_ = now + same_complaint_after;
  shared_.services.log.write(LogLevel::warning,
                             "kafka topic " + shared_.config.topic + ": " + last_complaint_);
}

void Member::fail_with(Error error) {
  if (!failure_) failure_ = std::move(error);
  shared_.changed();
}

}  // namespace tidemill::kafka

#include "bench/kafka/client.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <tuple>

#include "bench/measure/child_process.h"

namespace tidemill::bench {
namespace {

constexpr int patience_ms = 30'000;
constexpr std::size_t batch_max = 1000;

}  // namespace

rd_kafka_t* make_client(rd_kafka_type_t type, const Settings& settings, int events) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  std::array<char, 256> why{};
  for (const auto& [name, value] : settings)
    require(
        rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK,
        why.data());
  if (events != 0) rd_kafka_conf_set_events(conf, events);
  rd_kafka_t* const made = rd_kafka_new(type, conf, why.data(), why.size());
  require(made != nullptr, why.data());
  return made;
}

Reader::Reader(const std::string& broker, const std::string& topic, const std::string& group,
               const char* start, Way way)
    : member_(make_client(RD_KAFKA_CONSUMER,
                          {{"bootstrap.servers", broker},
                           {"group.id", group},
                           {"auto.offset.reset", start},
                           {"enable.auto.commit", "false"},
                           {"enable.auto.offset.store", "false"},
                           {"queued.max.messages.kbytes", "16384"},
                           {"fetch.max.bytes", "16777216"},
                           {"message.max.bytes", "16777216"}},
                          way == Way::events ? RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR : 0)),
      queue_((rd_kafka_poll_set_consumer(member_), rd_kafka_queue_get_consumer(member_))),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  static const std::uint64_t one = 1;
  if (way == Way::events) rd_kafka_queue_io_event_enable(queue_, wake_.get(), &one, sizeof one);
  rd_kafka_topic_partition_list_t* const topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(member_, topics);
  rd_kafka_topic_partition_list_destroy(topics);
}

Reader::~Reader() {
  rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
  rd_kafka_queue_destroy(queue_);
  rd_kafka_consumer_close(member_);
  rd_kafka_destroy(member_);
}

void Reader::take_events(const std::function<void(const rd_kafka_message_t&)>& visit) {
  pollfd waiting{wake_.get(), POLLIN, 0};
  require(::poll(&waiting, 1, patience_ms) > 0, "a bare reader gets nothing");
  std::uint64_t times = 0;
  std::ignore = ::read(wake_.get(), &times, sizeof times);
  while (rd_kafka_event_t* const event = rd_kafka_queue_poll(queue_, 0)) {
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_FETCH)
      while (const rd_kafka_message_t* const message = rd_kafka_event_message_next(event))
        visit(*message);
    rd_kafka_event_destroy(event);
  }
}

void Reader::take_batch(const std::function<void(const rd_kafka_message_t&)>& visit) {
  std::array<rd_kafka_message_t*, batch_max> batch{};
  const ssize_t got = rd_kafka_consume_batch_queue(queue_, patience_ms, batch.data(), batch.size());
  require(got > 0, "a bare reader gets nothing");
  for (ssize_t i = 0; i < got; ++i) {
    rd_kafka_message_t* const message = batch[static_cast<std::size_t>(i)];
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) visit(*message);
    rd_kafka_message_destroy(message);
  }
}

Writer::Writer(const std::string& broker, const Settings& more)
    : producer_([&] {
        Settings settings{{"bootstrap.servers", broker}, {"enable.idempotence", "true"}};
        settings.insert(settings.end(), more.begin(), more.end());
        return make_client(RD_KAFKA_PRODUCER, settings, RD_KAFKA_EVENT_DR);
      }()),
      queue_(rd_kafka_queue_get_main(producer_)) {}

Writer::~Writer() {
  for (const auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic);
  rd_kafka_queue_destroy(queue_);
  rd_kafka_destroy(producer_);
}

void Writer::put(const std::string& topic, std::int32_t partition, std::string_view key,
                 std::string_view value) {
  rd_kafka_topic_t*& to = topics_[topic];
  if (to == nullptr) to = rd_kafka_topic_new(producer_, topic.c_str(), nullptr);
  const auto produce = [&] {
    return rd_kafka_produce(to, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                            value.size(), key.data(), key.size(), nullptr);
  };
  while (produce() != 0) {
    if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) require(false, "cannot produce");
    take_answers(100);
  }
  if (++put_ % batch_max == 0) take_answers(0);
}

void Writer::take_answers(int wait_ms) {
  while (rd_kafka_event_t* const event = rd_kafka_queue_poll(queue_, wait_ms)) {
    wait_ms = 0;
    while (const rd_kafka_message_t* const message = rd_kafka_event_message_next(event)) {
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        require(false, rd_kafka_err2str(message->err));
      ++confirmed_;
    }
    rd_kafka_event_destroy(event);
  }
}

void Writer::flush() {
  while (confirmed_ < put_) take_answers(100);
}

}  // namespace tidemill::bench

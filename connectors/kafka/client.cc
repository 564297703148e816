#include "client.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>
#include <utility>

namespace tidemill::kafka {
namespace {

constexpr int ask_for_ms = 2'000;
constexpr int ask_times = 5;
constexpr auto end_within = std::chrono::seconds(5);

// The first library that logs in as brokers of Kafka 4 expect: older ones repeat a part of the
// nonce.
constexpr int scram_works_since = 0x020601ff;

struct MetadataDestroyer {
  void operator()(const struct rd_kafka_metadata* made) const { rd_kafka_metadata_destroy(made); }
};

// Called from the client's threads. What matters comes as an event as well.
void write_log(const rd_kafka_t* client, int, const char*, const char* sentence) {
  static_cast<ClientLog*>(rd_kafka_opaque(client))->write(sentence);
}

}  // namespace

void ClientLog::write(std::string_view sentence) {
  const std::scoped_lock lock(mutex_);
  if (log_ != nullptr) log_->write(LogLevel::debug, "kafka: " + std::string(sentence));
}

void ClientLog::close() {
  const std::scoped_lock lock(mutex_);
  log_ = nullptr;
}

Result<std::shared_ptr<Client>> Client::make(rd_kafka_type_t type, Properties properties,
                                             Log& log) {
  auto client_log = std::make_shared<ClientLog>(log);
  rd_kafka_conf_set_opaque(properties.get(), client_log.get());
  rd_kafka_conf_set_log_cb(properties.get(), &write_log);
  std::array<char, 512> why{};
  rd_kafka_t* const made = rd_kafka_new(type, properties.get(), why.data(), why.size());
  if (made == nullptr)
    return fail(Fault::bad_config,
                "the kafka client refuses its options: " + std::string(why.data()));
  std::ignore = properties.release();  // It is the client's now.
  return std::make_shared<Client>(made, std::move(client_log));
}

Result<std::uint32_t> Client::partitions_of(const std::string& topic) {
  const Topic asked(rd_kafka_topic_new(made_, topic.c_str(), nullptr));
  const struct rd_kafka_metadata* got = nullptr;
  for (int asked_times = 1;; ++asked_times) {
    const auto error = rd_kafka_metadata(made_, 0, asked.get(), &got, ask_for_ms);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    bool hopeless = asked_times == ask_times;
    const Error why = why_unreachable(rd_kafka_err2str(error), hopeless);
    if (hopeless) return std::unexpected(why);
  }
  const std::unique_ptr<const struct rd_kafka_metadata, MetadataDestroyer> metadata(got);
  if (metadata->topic_cnt != 1) return fail(Fault::transient, "no broker knows of " + topic);
  const rd_kafka_metadata_topic& found = metadata->topics[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail(fault_of(found.err), "topic " + topic + ": " + rd_kafka_err2str(found.err));
  return static_cast<std::uint32_t>(found.partition_cnt);
}

bool Client::is_member() const {
  char* const id = rd_kafka_memberid(made_);
  const bool has_one = id != nullptr && *id != '\0';
  rd_kafka_mem_free(made_, id);
  return has_one;
}

Result<std::string> reach_topic(rd_kafka_type_t type, Result<Properties> properties,
                                const std::string& topic, Log& log) {
  if (!properties) return std::unexpected(properties.error());
  const auto client = Client::make(type, std::move(*properties), log);
  if (!client) return std::unexpected(client.error());
  const auto count = (*client)->partitions_of(topic);
  if (!count) return std::unexpected(count.error());
  return std::to_string(*count) + (*count == 1 ? " partition" : " partitions");
}

// What the connections said meanwhile tells more than that time has run out, and perhaps that
// waiting longer is of no use.
Error Client::why_unreachable(std::string what, bool& hopeless) {
  Fault fault = Fault::transient;
  const Queue queue(rd_kafka_queue_get_main(made_));
  while (const EventHandle event{rd_kafka_queue_poll(queue.get(), 0)}) {
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR) continue;
    const auto error = rd_kafka_event_error(event.get());
    hopeless = true;
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) continue;
    if (fault == Fault::transient) what = rd_kafka_event_error_string(event.get());
    if (fault_of(error) == Fault::bad_config) fault = Fault::bad_config;
  }
  if (rd_kafka_version() < scram_works_since && what.find("mechanism SCRAM") != what.npos)
    what.append("; with the right password, too, librdkafka ")
        .append(rd_kafka_version_str())
        .append(" is refused by brokers of Kafka 4, which need 2.6.1: use `plain` with `tls`");
  return {fault, std::move(what), {}};
}

void let_go(std::shared_ptr<Client> client) {
  const std::shared_ptr<ClientLog> log = client->log();
  std::promise<void> promise;
  std::future<void> ended = promise.get_future();
  auto end = [](std::shared_ptr<Client> last, std::promise<void> told) {
    last.reset();
    told.set_value();
  };
  std::thread(end, std::move(client), std::move(promise)).detach();
  if (ended.wait_for(end_within) != std::future_status::ready) log->close();
}

void keep_for_good(std::shared_ptr<Client> client) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::shared_ptr<Client>>();  // No end of it at exit, either.
  client->log()->close();
  const std::scoped_lock lock(mutex);
  kept.push_back(std::move(client));
}

Fault fault_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
      return Fault::bad_config;
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return Fault::fenced;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return Fault::bad_event;
    default:
      return Fault::transient;
  }
}

}  // namespace tidemill::kafka

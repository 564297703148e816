// MockCluster: librdkafka's stand-in for a cluster, in this process, and a bare producer and
// reader.
//
// It proves control flow: what a real broker does is for tests/kafka.
#pragma once

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "handles.h"

namespace tidemill::kafka {

class MockCluster {
 public:
  MockCluster() {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    std::array<char, 256> why{};
    host_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
    cluster_ = rd_kafka_mock_cluster_new(host_, 1);
    rd_kafka_conf_t* const producing = rd_kafka_conf_new();
    rd_kafka_conf_set(producing, "bootstrap.servers", address().c_str(), why.data(), why.size());
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, producing, why.data(), why.size());
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;
  ~MockCluster() {
    rd_kafka_destroy(producer_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
  }

  std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  rd_kafka_mock_cluster_t* get() const { return cluster_; }

  void create(const char* topic, int partitions) {
    rd_kafka_mock_topic_create(cluster_, topic, partitions, 1);
  }

  /// As a member of `group` would do it.
  void commit(const char* group, const char* topic, std::int64_t offset) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    std::array<char, 256> why{};
    rd_kafka_conf_set(conf, "group.id", group, why.data(), why.size());
    rd_kafka_conf_set(conf, "bootstrap.servers", address().c_str(), why.data(), why.size());
    rd_kafka_t* const client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    {
      const Offsets all(rd_kafka_topic_partition_list_new(1));
      rd_kafka_topic_partition_list_add(all.get(), topic, 0)->offset = offset;
      EXPECT_EQ(rd_kafka_commit(client, all.get(), 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    rd_kafka_destroy(client);
  }

  struct Record {
    std::string key, value;
    std::vector<std::pair<std::string, std::string>> headers;
  };

  /// What is in one partition, read without a group, for which a member has to wait.
  std::vector<Record> records(const char* topic, std::int32_t partition) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    std::array<char, 256> why{};
    const std::array<std::pair<const char*, std::string>, 4> properties{
        {{"group.id", "reader"},
         {"bootstrap.servers", address()},
         {"enable.partition.eof", "true"},
         {"fetch.wait.max.ms", "10"}}};
    for (const auto& [name, value] : properties)
      rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size());
    rd_kafka_t* const reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    {
      const Offsets all(rd_kafka_topic_partition_list_new(1));
      rd_kafka_topic_partition_list_add(all.get(), topic, partition)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
      rd_kafka_assign(reader, all.get());
    }
    std::vector<Record> records;
    using Message = Handle<rd_kafka_message_t, &rd_kafka_message_destroy>;
    while (const Message message{rd_kafka_consumer_poll(reader, 20'000)}) {
      if (message->err) break;  // The end of the partition.
      records.push_back(record_of(*message));
    }
    rd_kafka_destroy(reader);
    return records;
  }

  void produce(const char* topic, std::int32_t partition, const char* key, const char* value,
               const char* header = nullptr) {
    send(topic, partition, key, value, header);
    flush();
  }

  void flush() { ASSERT_EQ(rd_kafka_flush(producer_, 20'000), RD_KAFKA_RESP_ERR_NO_ERROR); }

  /// A null `value` is a tombstone.
  void send(const char* topic, std::int32_t partition, const char* key, const char* value,
            const char* header = nullptr) {
    send_bytes(topic, partition, key, value == nullptr ? std::string_view() : value, header);
  }

  /// A value without data is a tombstone.
  void send_bytes(const char* topic, std::int32_t partition, const char* key,
                  std::string_view value, const char* header = nullptr) {
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(1);
    if (header != nullptr) rd_kafka_header_add(headers, "h", -1, header, -1);
    std::array<rd_kafka_vu_t, 6> values{};
    values[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    values[0].u.cstr = topic;
    values[1].vtype = RD_KAFKA_VTYPE_PARTITION;
    values[1].u.i32 = partition;
    values[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    values[2].u.i = RD_KAFKA_MSG_F_COPY;
    values[3].vtype = RD_KAFKA_VTYPE_KEY;
    values[3].u.mem = {const_cast<char*>(key), std::strlen(key)};
    values[4].vtype = RD_KAFKA_VTYPE_VALUE;
    values[4].u.mem = {const_cast<char*>(value.data()), value.size()};
    values[5].vtype = RD_KAFKA_VTYPE_HEADERS;
    values[5].u.headers = headers;
    const Failure refused(rd_kafka_produceva(producer_, values.data(), values.size()));
    ASSERT_FALSE(refused) << rd_kafka_error_string(refused.get());
  }

 private:
  static Record record_of(const rd_kafka_message_t& message) {
    const auto text = [](const void* data, std::size_t size) {
      return data == nullptr ? "(null)" : std::string(static_cast<const char*>(data), size);
    };
    Record record{text(message.key, message.key_len), text(message.payload, message.len), {}};
    rd_kafka_headers_t* headers = nullptr;
    rd_kafka_message_headers(&message, &headers);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         headers != nullptr && !rd_kafka_header_get_all(headers, i, &name, &value, &size); ++i)
      record.headers.emplace_back(name, text(value, size));
    return record;
  }

  rd_kafka_t* host_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  rd_kafka_t* producer_ = nullptr;
};

}  // namespace tidemill::kafka

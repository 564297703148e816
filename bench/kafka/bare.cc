#include "bench/kafka/bare.h"

#include <simdjson.h>

#include <cstring>
#include <string_view>

#include "bench/kafka/client.h"
#include "bench/measure/child_process.h"

namespace tidemill::bench {
namespace {

std::string_view text(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

void read_all(const Job& job, bool in_batches) {
  Reader reader(job.broker, job.topic, job.group, "earliest",
                in_batches ? Reader::Way::batches : Reader::Way::events);
  std::uint64_t seen = 0, bytes = 0;
  const auto visit = [&](const rd_kafka_message_t& message) {
    ++seen;
    bytes += message.len;
  };
  while (seen < job.count) {
    if (in_batches) {
      reader.take_batch(visit);
    } else {
      reader.take_events(visit);
    }
  }
  require(bytes > seen, "the records are empty");
}

void relay(const Job& job) {
  Reader reader(job.broker, job.topic, job.group, job.count == 0 ? "latest" : "earliest");
  Writer writer(job.broker);
  std::uint64_t seen = 0;
  while (job.count == 0 || seen < job.count)
    reader.take_events([&](const rd_kafka_message_t& message) {
      ++seen;
      writer.put(job.out, RD_KAFKA_PARTITION_UA, text(message.key, message.key_len),
                 text(message.payload, message.len));
    });
  writer.flush();
}

void route(const Job& job) {
  Reader reader(job.broker, job.topic, job.group);
  Writer writer(job.broker);
  simdjson::ondemand::parser parser;
  std::string padded;
  std::uint64_t seen = 0;
  while (seen < job.count)
    reader.take_events([&](const rd_kafka_message_t& message) {
      ++seen;
      // simdjson wants to read beyond the end, and librdkafka has no room there.
      padded.reserve(message.len + simdjson::SIMDJSON_PADDING);
      padded.assign(text(message.payload, message.len));
      simdjson::ondemand::document json;
      std::string_view type;
      if (parser.iterate(padded.data(), padded.size(), padded.capacity()).get(json) ||
          json["type"].get(type))
        require(false, "a record is no click");
      const std::string* const to = type == "page"     ? &job.out
                                    : type == "search" ? &job.second_out
                                                       : nullptr;
      if (to != nullptr)
        writer.put(*to, RD_KAFKA_PARTITION_UA, text(message.key, message.key_len),
                   text(message.payload, message.len));
    });
  writer.flush();
}

}  // namespace

void run_bare(const std::string& way, const Job& job) {
  if (way == "events") return read_all(job, false);
  if (way == "batches") return read_all(job, true);
  if (way == "relay") return relay(job);
  if (way == "route") return route(job);
  require(way == "counts", "there is no bare loop " + way);
  count_views(job);
}

}  // namespace tidemill::bench

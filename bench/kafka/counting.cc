// The bare loop that counts: librdkafka, simdjson, a map, RocksDB.
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>
#include <simdjson.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/kafka/bare.h"
#include "bench/kafka/client.h"
#include "bench/measure/child_process.h"
#include "core/base/timestamp.h"
#include "core/state/rocks_store.h"

namespace tidemill::bench {
namespace {

constexpr std::uint64_t window = 10'000'000;
constexpr std::uint64_t group = 4'000;

std::unique_ptr<rocksdb::DB> open_store(const std::string& folder) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* made = nullptr;
  const auto opened = rocksdb::DB::Open(options, folder, &made);
  require(opened.ok(), opened.ToString());
  return std::unique_ptr<rocksdb::DB>(made);
}

rocksdb::Slice bytes_of(const std::uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

struct Count {
  std::uint64_t value = 0;
  std::uint64_t changed_in = 0;  // A group's number.
};

}  // namespace

void count_views(const Job& job) {
  const auto store = open_store(job.out);
  Reader reader(job.broker, job.topic, job.group);
  boost::unordered_flat_map<std::string, Count> rows;
  std::vector<std::string> changed;
  boost::unordered_flat_map<std::int32_t, std::int64_t> reached;
  simdjson::ondemand::parser parser;
  std::string padded, place;
  std::uint64_t seen = 0;
  const auto commit = [&] {
    rocksdb::WriteBatch batch;
    for (const std::string& key : changed) batch.Put("r" + key, bytes_of(rows[key].value));
    changed.clear();
    for (const auto& [partition, offset] : reached)
      batch.Put("p" + std::to_string(partition), bytes_of(static_cast<std::uint64_t>(offset)));
    rocksdb::WriteOptions durably;
    durably.sync = true;
    const auto written = store->Write(durably, &batch);
    require(written.ok(), written.ToString());
  };
  while (seen < job.count)
    reader.take_events([&](const rd_kafka_message_t& message) {
      padded.reserve(message.len + simdjson::SIMDJSON_PADDING);
      padded.assign(static_cast<const char*>(message.payload), message.len);
      simdjson::ondemand::document json;
      std::string_view ts, page;
      if (parser.iterate(padded.data(), padded.size(), padded.capacity()).get(json) ||
          json["ts"].get(ts) || json["page"].get(page))
        require(false, "a record is no click");
      const auto time = parse_timestamp(ts);
      if (!time) require(false, "a click has no time");
      place.assign(page).append("@").append(std::to_string(time->value / window));
      Count& count = rows[place];
      ++count.value;
      if (std::exchange(count.changed_in, 1 + seen / group) != 1 + seen / group)
        changed.push_back(place);
      reached[message.partition] = message.offset;
      if (++seen % group == 0) commit();
    });
  commit();
}

std::uint64_t counted_by_bare(const std::string& folder) {
  const auto store = open_store(folder);
  const std::unique_ptr<rocksdb::Iterator> rows(store->NewIterator({}));
  std::uint64_t all = 0;
  for (rows->Seek("r"); rows->Valid() && rows->key().starts_with("r"); rows->Next()) {
    std::uint64_t count = 0;
    std::memcpy(&count, rows->value().data(), sizeof count);
    all += count;
  }
  return all;
}

std::uint64_t counted_by_engine(const std::string& data) {
  auto store = RocksStore::open(data, {.missing = state::IfMissing::fail});
  require(store.has_value(), "the engine left no store");
  const auto table = (*store)->find_table("views");
  require(table.has_value(), "the engine left no table");
  constexpr std::string_view name = "\"count\":";
  std::uint64_t all = 0;
  const auto read =
      (*store)->each_row(*table, "", WallTime(1), [&](std::string_view, const Row& row) {
        const std::string_view body = row.body;
        const std::size_t at = body.find(name);
        require(at != body.npos, "a row lacks its count");
        all += std::stoull(std::string(body.substr(at + name.size())));
        return true;
      });
  require(read.has_value(), "the table cannot be read");
  return all;
}

}  // namespace tidemill::bench

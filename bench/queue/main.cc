// bench_queue [--rounds N] [--folder DIR]: messages per second through an embedded queue.
//
// Claim: with commits that are synced and shared, a message is put into a queue of the engine,
// taken from it and done with at 100 000 a second and more, while the queue stays short. Told
// beside it: the same bytes put and deleted in RocksDB alone, by one writer, in as many synced
// writes.
//
// Four producers and four takers, each with one batch at a time, over the product's own store,
// sequencer, outlets and sources. Every message is counted at both ends. On the real disk, in the
// build folder; the arms take turns; what counts is the clock on the wall.
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/child_process.h"
#include "bench/measure/table.h"
#include "core/base/asio_scheduler.h"
#include "core/dispatch/commit_sequencer.h"
#include "core/state/rocks_store.h"
#include "core/streams/outlet.h"
#include "core/streams/queue_source.h"
#include "core/streams/stream_hub.h"
#include "tidemill/testing/map_progress.h"

namespace tidemill::bench {
namespace {

constexpr double messages_goal = 100'000;
constexpr std::uint32_t producers = 4;
constexpr std::uint32_t takers = 4;
constexpr std::uint32_t batch_messages = 500;
constexpr std::uint64_t waiting_max = 20'000;
constexpr std::size_t message_bytes = 200;
constexpr std::uint64_t round_messages = 400'000;

// The store with its sequencer and one queue, as the engine has them.
class Engine {
 public:
  explicit Engine(const std::string& folder)
      : store_(open(folder)),
        disk_(2),
        sequencer_(scheduler_, *store_, disk_.get_executor()),
        hub_(*store_, sequencer_, [] {}) {
    queue_ = hub_.queue("jobs").value_or(nullptr);
    require(queue_ != nullptr, "cannot make a queue");
  }
  ~Engine() { disk_.join(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Seconds that so many messages take, from the first put to the last that is done.
  double run(std::uint64_t messages) {
    to_put_ = messages;
    done_ = 0;
    running_ = producers + takers;
    const double start = wall_seconds();
    for (std::uint32_t i = 0; i < producers; ++i)
      outlets_.push_back(std::make_unique<Outlet>(*queue_, StreamLimits{.records = waiting_max}));
    for (std::uint32_t i = 0; i < takers; ++i) {
      sources_.push_back(std::make_unique<QueueSource>(*queue_, scheduler_,
                                                       QueueSource::Options{.until_idle = true}));
      spawn(scheduler_, take(*sources_.back()));
    }
    for (auto& outlet : outlets_) {
      rooms_.push_back(std::make_unique<Signal>(scheduler_));
      outlet->subscribe(*rooms_.back());
      spawn(scheduler_, put(*outlet, *rooms_.back()));
    }
    scheduler_.context().restart();
    scheduler_.run();
    const double took = wall_seconds() - start;
    require(done_ == messages, fmt::format("{} messages of {} came out", done_, messages));
    require(queue_->records() == 0, "the queue is not empty");
    outlets_.clear();
    rooms_.clear();
    sources_.clear();
    return took;
  }

 private:
  static std::unique_ptr<RocksStore> open(const std::string& folder) {
    auto store = RocksStore::open(folder, {.engine_id = "bench", .now = {}, .limits = {}});
    require(store.has_value(), "cannot open a store in " + folder);
    return std::move(*store);
  }

  Task<> put(Outlet& outlet, Signal& room) {
    const std::string data(message_bytes, 'x');
    while (to_put_ > 0) {
      if (outlet.full()) {
        co_await room.wait();
        continue;
      }
      CommitPart part;
      const std::uint64_t count = std::min<std::uint64_t>(batch_messages, to_put_);
      to_put_ -= count;
      for (std::uint64_t i = 0; i < count; ++i) {
        StreamAppend record;
        record.stream = outlet.stream();
        record.id = "bench:messages/0@1234567";
        record.source = "bench:messages";
        record.type = "tidemill.bench";
        record.data = data;
        part.appended.push_back(record);
      }
      outlet.submitted(part);
      const auto committed = co_await sequencer_.commit(part, Durability::sync);
      require(committed.has_value(), "a commit failed");
      outlet.committed(part);
    }
    outlet.end();
    outlet.unsubscribe(room);
    // Others may wait for room that nobody needs any more.
    for (auto& other : rooms_) other->notify();
    one_has_ended();
  }

  Task<> take(QueueSource& source) {
    const tidemill::testing::MapProgress none;
    const Result<> opened = co_await source.open(none);
    require(opened.has_value(), "cannot open the queue");
    const Credit credit{.events = batch_messages, .bytes = 1u << 20, .alone = true};
    while (true) {
      std::vector<Event> events;
      const auto polled = co_await source.poll(credit, events);
      require(polled.has_value(), "cannot poll");
      if (!events.empty()) {
        std::vector<Settled> settled;
        for (const Event& event : events) {
          require(event.data.size() == message_bytes, "a message is not what was put");
          settled.push_back({event.partition, event.offset, {}, {}});
        }
        CommitPart part;
        source.leave(settled, part);
        const auto committed = co_await sequencer_.commit(part, Durability::sync);
        require(committed.has_value(), "a commit failed");
        done_ += events.size();
      }
      if (*polled == PollEnd::exhausted) break;
    }
    co_await source.close();
    one_has_ended();
  }

  void one_has_ended() {
    if (--running_ == 0) scheduler_.stop();
  }

  AsioScheduler scheduler_{1};
  std::unique_ptr<RocksStore> store_;
  boost::asio::thread_pool disk_;
  CommitSequencer sequencer_;
  StreamHub hub_;
  EmbeddedQueue* queue_ = nullptr;
  std::vector<std::unique_ptr<Outlet>> outlets_;
  std::vector<std::unique_ptr<Signal>> rooms_;
  std::vector<std::unique_ptr<QueueSource>> sources_;
  std::uint64_t to_put_ = 0;
  std::uint64_t done_ = 0;
  std::uint32_t running_ = 0;
};

// What is left of it when there is no queue: puts and deletes, one writer, synced.
class Bare {
 public:
  explicit Bare(const std::string& folder) {
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    require(rocksdb::DB::Open(options, folder, &db).ok(), "cannot open RocksDB in " + folder);
    db_.reset(db);
  }

  double run(std::uint64_t messages) {
    const std::string data(message_bytes + 120, 'x');  // A record with its attributes.
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const double start = wall_seconds();
    for (std::uint64_t done = 0; done < messages; done += batch_messages) {
      rocksdb::WriteBatch batch;
      for (std::uint64_t i = 0; i < batch_messages; ++i) {
        const std::string key = fmt::format("{:016}", next_ + i);
        batch.Put(key, data).PermitUncheckedError();
        if (next_ >= batch_messages)
          batch.Delete(fmt::format("{:016}", next_ + i - batch_messages)).PermitUncheckedError();
      }
      next_ += batch_messages;
      require(db_->Write(synced, &batch).ok(), "cannot write");
    }
    return wall_seconds() - start;
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::uint64_t next_ = 0;
};

bool measure(const std::string& folder, int rounds) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::vector<double> rate, bare_rate, ratio;
  {
    Engine engine(folder + "/store");
    Bare bare(folder + "/bare");
    engine.run(round_messages / 10);
    bare.run(round_messages / 10);
    for (int round = 0; round < rounds; ++round) {
      const auto messages = static_cast<double>(round_messages);
      rate.push_back(messages / engine.run(round_messages));
      bare_rate.push_back(messages / bare.run(round_messages));
      ratio.push_back(rate.back() / bare_rate.back());
    }
  }
  std::filesystem::remove_all(folder);
  const bool holds =
      print_claim("messages per second put into an embedded queue, taken and done, synced",
                  fmt::format("≥ {:.0f}", messages_goal), spread(rate, 0) + " per second",
                  median(rate) >= messages_goal);
  print_claim("the same / puts and deletes of as many bytes in RocksDB alone", "told",
              fmt::format("{}; {:.0f} per second there", spread(ratio, 2), median(bare_rate)),
              true);
  return holds;
}

}  // namespace
}  // namespace tidemill::bench

int main(int argc, char** argv) {
  std::string folder = BENCH_SCRATCH "/scratch";
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--folder") folder = argv[i + 1];
  const int rounds = tidemill::bench::rounds_option(argc, argv, 7);
  tidemill::bench::print_machine(rounds);
  return tidemill::bench::measure(folder, rounds) ? 0 : 1;
}

// What RocksStore promises over power cuts, on a disk that keeps no more than it must.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/state/rocks_store.h"
#include "tests/disk/unsynced_disk.h"

namespace tidemill::sim {
namespace {

constexpr WallTime now(1'800'000'000'000'000);

// Commit i puts row i in two tables, settles offset i, marks id i, queues effect i, buries letter i
// and raises a counter: all of it or nothing must be found.
class Engine {
 public:
  explicit Engine(std::uint64_t seed, Syncs syncs = Syncs::honest)
      : seed_(seed), random_(seed), disk_(syncs) {}

  void open() {
    auto opened = RocksStore::open("/data", {.engine_id = "e", .now = now, .env = disk_.env()});
    if (!opened) return;  // The power is cut.
    store_ = std::move(*opened);
    const auto p = store_->pipeline("p", "");
    const auto t = store_->table("t");
    const auto u = store_->table("u");
    if (!p || !t || !u) return store_.reset();
    const auto outbox = store_->outbox(*p, "o");
    if (!outbox || !store_->progress(*p, "kafka:events")) return store_.reset();
    pipeline_ = *p;
    rows_ = *t;
    counters_ = *u;
    outbox_ = *outbox;
  }

  /// False when it failed.
  bool commit(Durability durability) {
    const std::uint64_t number = attempted_ + 1;
    const std::string key = std::to_string(number);
    const std::string data(random_() % 300, 'x');
    QueuedEffect effect;
    effect.outbox = outbox_;
    effect.key = key;
    const CommitPart rows{
        .pipeline = pipeline_,
        .rows = {{.table = rows_, .kind = EffectKind::put_row, .key = key, .data = data},
                 {.table = counters_,
                  .kind = EffectKind::merge_row,
                  .merge = MergeKind::count,
                  .key = "n"}}};
    const CommitPart rest{.pipeline = pipeline_,
                          .logs = {{Partition(0), Offset(number), {}}},
                          .settled_ids = {{1, number}},
                          .dead_letters = {{.event_id = key}},
                          .queued = {effect}};
    const CommitPart* const parts[] = {&rows, &rest};
    attempted_ = number;
    if (!store_->commit(parts, now, durability)) return false;
    committed_ = number;
    if (durability == Durability::sync) synced_ = number;
    return true;
  }

  bool sync() {
    if (!store_->sync()) return false;
    synced_ = committed_;
    return true;
  }

  /// Opens what is left; empty when all is well.
  std::string crash() {
    store_.reset();
    disk_.crash(random_());
    open();
    if (!store_) return failure("the store does not open");
    const auto logs = store_->log_progress(pipeline_).value();
    const std::uint64_t left = logs.empty() ? 0 : logs[0].next.value;
    const std::string told = check(left);
    attempted_ = committed_ = synced_ = left;
    return told;
  }

  UnsyncedDisk& disk() { return disk_; }
  RocksStore* store() { return store_.get(); }
  std::uint64_t left() const { return committed_; }
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

 private:
  std::string check(std::uint64_t left) {
    if (left < synced_) return failure("a synced commit is lost");
    if (left > attempted_) return failure("there is more than was committed");
    std::uint64_t rows = 0;
    std::uint64_t letters = 0;
    const auto count_row = [&rows](std::string_view, const Row&) { return ++rows > 0; };
    const auto count_letter = [&letters](PipelineId, std::uint64_t number, const DeadLetter&) {
      return number == ++letters;
    };
    std::vector<DedupeId> ids;
    for (std::uint64_t i = 1; i <= attempted_; ++i) ids.push_back({1, i});
    const auto counter = store_->row(counters_, "n", now).value();
    const auto marks = store_->settled_before(pipeline_, ids, {}).value();
    const auto queued = store_->queued(outbox_, 0, 1'000'000, 1'000'000'000).value();
    if (!store_->each_row(rows_, "", now, count_row) || rows != left) return failure("rows");
    if ((counter ? counter->body : "0") != std::to_string(left)) return failure("the counter");
    if (!store_->each_dead_letter(pipeline_, now, count_letter) || letters != left) {
      return failure("dead letters");
    }
    if (queued.size() != left) return failure("queued effects");
    for (std::uint64_t i = 0; i < queued.size(); ++i) {
      if (queued[i].number != i + 1 || queued[i].key != std::to_string(i + 1)) {
        return failure("the order of queued effects");
      }
    }
    for (std::uint64_t i = 0; i < marks.size(); ++i) {
      if (marks[i] != (i < left)) return failure("marks");
    }
    return "";
  }

  std::string failure(const std::string& what) const {
    return what + ", seed " + std::to_string(seed_);
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  UnsyncedDisk disk_;
  std::unique_ptr<RocksStore> store_;
  PipelineId pipeline_;
  TableId rows_;
  TableId counters_;
  OutboxId outbox_;
  std::uint64_t attempted_ = 0;
  std::uint64_t committed_ = 0;
  std::uint64_t synced_ = 0;
};

// A few lives with a power cut at the end of each.
std::string live(std::uint64_t seed, Durability durability, Syncs syncs = Syncs::honest) {
  Engine engine(seed, syncs);
  engine.open();
  for (int life = 0; life < 3; ++life) {
    for (std::uint64_t i = engine.draw(12); i > 0; --i) {
      if (!engine.commit(durability)) return "a commit failed";
      if (durability == Durability::periodic && engine.draw(6) == 0 && !engine.sync()) {
        return "a sync failed";
      }
      if (engine.draw(12) == 0 && !engine.store()->flush()) return "a flush failed";
    }
    if (auto told = engine.crash(); !told.empty()) return told;
  }
  return "";
}

TEST(StoreAfterAPowerCut, HoldsEverySyncedCommit) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    ASSERT_EQ(live(seed, Durability::sync), "");
  }
}

TEST(StoreAfterAPowerCut, HoldsABeginningOfWhatWasNotSyncedAndAllThatWas) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    ASSERT_EQ(live(seed, Durability::periodic), "");
  }
}

// A failing seed of the simulator must fail again.
TEST(StoreAfterAPowerCut, HoldsTheSameEachTimeForOneSeed) {
  const auto outcome = [](std::uint64_t seed) {
    Engine engine(seed);
    engine.open();
    std::string told;
    for (int life = 0; life < 3; ++life) {
      for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(engine.commit(engine.draw(4) == 0 ? Durability::sync : Durability::periodic));
      }
      told += std::to_string(engine.disk().changes()) + ":";
      EXPECT_EQ(engine.crash(), "");
      told += std::to_string(engine.left()) + " ";
    }
    return told;
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) EXPECT_EQ(outcome(seed), outcome(seed));
}

TEST(StoreAfterAPowerCut, LosesWhenTheDiskLiesAboutSyncs) {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    if (!live(seed, Durability::sync, Syncs::ignored).empty()) ++caught;
  }
  EXPECT_GT(caught, 15);
}

// In the middle of a commit, of an open, of a flush: wherever the disk changes.
TEST(StoreAfterAPowerCut, AtAnyChangeOfTheDiskHoldsWholeCommitsInOrder) {
  std::uint64_t held = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Engine engine(seed);
    for (int life = 0; life < 3; ++life) {
      engine.disk().cut_before(engine.disk().changes() + engine.draw(80));
      engine.open();
      for (int i = 0; engine.store() != nullptr && i < 20; ++i) {
        const bool sync = engine.draw(2) == 0;
        if (!engine.commit(sync ? Durability::sync : Durability::periodic)) break;
        if (engine.draw(10) == 0 && !engine.store()->flush()) break;
      }
      ASSERT_EQ(engine.crash(), "");
    }
    held += engine.left();
  }
  EXPECT_GT(held, 1000u) << "the cuts come too early to prove anything";
}

}  // namespace
}  // namespace tidemill::sim

// A store that failed and is opened again in place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"

namespace tidemill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// No file may grow past what it has: what a full disk looks like to the store.
class DiskIsFull {
 public:
  DiskIsFull() {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~DiskIsFull() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

class RocksStoreReopenTest : public RocksStoreTest {
 protected:
  Result<> commit_on_a_full_disk(const std::vector<CommitPart>& parts) {
    const DiskIsFull full;
    return try_commit(parts);
  }
};

TEST_F(RocksStoreReopenTest, AFullDiskIsATransientErrorAndAReopenedStoreGoesOn) {
  const TableId t = table("t");
  commit_rows({put(t, "before", "1")});
  const auto committed = commit_on_a_full_disk(
      {{.pipeline = PipelineId(1), .rows = {put(t, "during", "1"), put(t, "other", "1")}}});
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().fault, Fault::transient);
  EXPECT_THAT(committed.error().message, HasSubstr("cannot write the data folder: "));

  const auto reopened = store_->reopen();
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_EQ(body(t, "before"), "1");
  EXPECT_EQ(body(t, "during"), body(t, "other"));
  commit_rows({put(t, "after", "1")});
  EXPECT_EQ(body(t, "after"), "1");
  crash();
  EXPECT_EQ(body(t, "after"), "1");
}

TEST_F(RocksStoreReopenTest, AfterAFailedWriteOnlyReopenDoesNotAnswerItsError) {
  const TableId t = table("t");
  const PipelineId p = pipeline("p");
  const OutboxId o = store_->outbox(p, "o").value();
  const auto progress = store_->progress(p, "file:/events").value();
  commit({{.pipeline = p, .logs = {{Partition(0), Offset(5), {}}}}});
  const auto failed = commit_on_a_full_disk({{.pipeline = p, .rows = {put(t, "k", "1")}}});
  ASSERT_FALSE(failed);

  const std::string message = failed.error().message;
  EXPECT_EQ(try_commit({}).error().message, message);
  EXPECT_EQ(store_->sync().error().message, message);
  EXPECT_EQ(store_->row(t, "k", now).error().message, message);
  EXPECT_EQ(store_->queued(o, 0, 1, 1).error().message, message);
  EXPECT_EQ(store_->pipeline("another", "").error().message, message);
  EXPECT_EQ(store_->log_progress(p).error().message, message);
  EXPECT_EQ(progress->next(Partition(0)), std::nullopt);
  EXPECT_THAT(store_->tables(), SizeIs(1)) << "names are in memory";

  ASSERT_TRUE(store_->reopen());
  EXPECT_EQ(progress->next(Partition(0)), Offset(5));
}

TEST_F(RocksStoreReopenTest, IdsNumbersAndIdentitiesStayAndTheEpochRises) {
  const PipelineId p = pipeline("p");
  const TableId t = table("t");
  const OutboxId o = store_->outbox(p, "o").value();
  ASSERT_TRUE(store_->progress(p, "file:/events"));
  ASSERT_TRUE(store_->keep_marks(p, std::chrono::hours(1)));
  QueuedEffect effect;
  effect.outbox = o;
  const CommitPart part{.pipeline = p,
                        .rows = {merge(t, "k", MergeKind::count)},
                        .logs = {{Partition(0), Offset(5), {}}},
                        .settled_ids = {{1, 2}},
                        .dead_letters = {{.event_id = "e"}},
                        .queued = {effect}};
  commit({part});
  const std::uint64_t epoch = store_->epoch();
  const std::uint64_t version = store_->row(t, "k", now)->value().version;

  ASSERT_TRUE(store_->reopen());
  EXPECT_EQ(store_->epoch(), epoch + 1);
  EXPECT_EQ(pipeline("p"), p);
  EXPECT_EQ(table("t"), t);
  EXPECT_EQ(store_->outbox(p, "o").value(), o);
  EXPECT_EQ(store_->source_identity(p), "file:/events");
  commit({part});
  EXPECT_EQ(body(t, "k"), "2");
  EXPECT_GT(store_->row(t, "k", now)->value().version, version);
  EXPECT_THAT(dead_letters(p), ElementsAre(1u, 2u));
  EXPECT_EQ(store_->queued(o, 1, 9, 9).value().at(0).number, 2u);
  EXPECT_THAT(store_->settled_before(p, std::vector<DedupeId>{{1, 2}}, {}).value(),
              ElementsAre(true));
}

TEST_F(RocksStoreReopenTest, ReadersWaitForAReopenAndSeeTheSame) {
  const TableId t = table("t");
  commit_rows({put(t, "k", "1")});
  std::atomic<bool> ends = false;
  std::vector<std::thread> readers;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!ends) {
        const auto row = store_->row(t, "k", now);
        if (!row || !*row || (*row)->body != "1") ++wrong;
      }
    });
  }
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(store_->reopen());
  ends = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace tidemill

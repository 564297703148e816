// The bucket source against a real folder: what counts as an object, and when.
#include "bucket_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>

#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::bucket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using tidemill::testing::ample;
using tidemill::testing::MapProgress;
using tidemill::testing::RecordingLog;
using tidemill::testing::SourceDriver;
using tidemill::testing::TempFolder;
using tidemill::testing::VirtualScheduler;

std::vector<std::string> keys(const std::vector<Event>& events) {
  std::vector<std::string> keys;
  for (const Event& event : events) keys.emplace_back(event.subject);
  return keys;
}

enum class Mode { until_idle, watching, scanning };

class BucketSourceTest : public ::testing::Test {
 protected:
  // One life of a source over the folder.
  struct Life {
    Life(BucketSourceTest& test, Mode mode, KeyFilter filter, bool removed)
        : source(
              ObjectFeed::Options{
                  .location = {test.folder_.path(), "photos", "local:photos", false},
                  .filter = std::move(filter),
                  .created = true,
                  .removed = removed,
                  .watch = mode == Mode::watching},
              std::chrono::seconds(10),
              Services{test.scheduler_, test.log_, test.folder_.path(), mode == Mode::until_idle}),
          driver(test.scheduler_, source) {
      opened = driver.open(test.progress_);
    }
    BucketSource source;
    SourceDriver driver;
    Result<> opened;
  };

  std::unique_ptr<Life> start(Mode mode, KeyFilter filter = {}, bool removed = false) {
    auto life = std::make_unique<Life>(*this, mode, std::move(filter), removed);
    EXPECT_TRUE(life->opened);
    return life;
  }

  /// A whole run until idle whose events are all settled.
  std::vector<std::string> run(KeyFilter filter = {}, bool removed = false) {
    const auto events = start(Mode::until_idle, std::move(filter), removed)->driver.drain();
    settle(events);
    return keys(events);
  }

  void settle(const std::vector<Event>& events) {
    for (const Event& event : events) progress_.settle(event);
  }
  void settle(Life& life, const std::vector<Event>& events) {
    settle(events);
    life.driver.settle(events);
  }

  TempFolder folder_;
  VirtualScheduler scheduler_;
  RecordingLog log_;
  MapProgress progress_;
};

TEST_F(BucketSourceTest, ListsWhatIsThereInOrderFolderByFolder) {
  for (const char* name : {"b.jpg", "a.jpg", "sub/z.jpg", "sub/deep/y.jpg"})
    folder_.write(name, "x");
  EXPECT_THAT(run(), ElementsAre("a.jpg", "b.jpg", "sub/z.jpg", "sub/deep/y.jpg"));
}

TEST_F(BucketSourceTest, AnEmptyBucketIsExhaustedAtOnce) { EXPECT_THAT(run(), IsEmpty()); }

TEST_F(BucketSourceTest, SpeaksOfAnObjectInTheWordsOfS3) {
  folder_.write("a \"b\".jpg", "12345");
  auto life = start(Mode::until_idle);
  const auto events = life->driver.drain();
  ASSERT_EQ(events.size(), 1u);
  const Event& event = events[0];
  EXPECT_EQ(event.type, "com.amazonaws.s3.ObjectCreated:Put");
  EXPECT_EQ(event.source, "local:photos");
  EXPECT_EQ(event.subject, "a \"b\".jpg");
  EXPECT_EQ(event.key, event.subject);
  EXPECT_EQ(event.object_bytes, 5u);
  EXPECT_EQ(event.content_type, "application/json");
  EXPECT_EQ(event.version.size(), 16u);
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "a \"b\".jpg").c_str(), &status), 0);
  EXPECT_EQ(event.time.value / 1'000'000, static_cast<std::uint64_t>(status.st_mtim.tv_sec));
  EXPECT_THAT(std::string(event.data.view()),
              ::testing::MatchesRegex(
                  R"(\{"version":"0","bucket":\{"name":"photos"\},"object":\{)"
                  R"("key":"a ..b...jpg","size":5,"etag":"[0-9a-f]+","sequencer":"[0-9a-f]+",)"
                  R"("content-type":"image/jpeg"\},"reason":"PutObject"\})"));
}

TEST_F(BucketSourceTest, ASecondRunHasOnlyWhatIsNewOrChanged) {
  folder_.write("old.jpg", "x");
  folder_.write("changed.jpg", "x");
  EXPECT_EQ(run().size(), 2u);
  EXPECT_THAT(run(), IsEmpty());
  folder_.write("new.jpg", "x");
  folder_.write("changed.jpg", "longer");
  EXPECT_THAT(run(), ElementsAre("changed.jpg", "new.jpg"));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(BucketSourceTest, ATouchedFileIsOneEvent) {
  folder_.write("a.jpg", "x");
  EXPECT_EQ(run().size(), 1u);
  const std::array<timespec, 2> times{timespec{1000, 1}, timespec{1000, 1}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / "a.jpg").c_str(), times.data(), 0), 0);
  EXPECT_THAT(run(), ElementsAre("a.jpg"));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(BucketSourceTest, WhatWasNotSettledComesAgainAfterARestart) {
  folder_.write("a.jpg", "x");
  folder_.write("b.jpg", "x");
  const auto events = start(Mode::until_idle)->driver.drain();
  progress_.settle(events[1]);
  EXPECT_THAT(run(), ElementsAre("a.jpg"));
}

TEST_F(BucketSourceTest, PrefixAndSuffixChoose) {
  for (const char* name : {"in/a.jpg", "in/b.txt", "out/c.jpg", "inside.jpg", "in/x/d.png"})
    folder_.write(name, "x");
  EXPECT_THAT(run(KeyFilter({"in/"}, {".jpg", ".png"})), ElementsAre("in/a.jpg", "in/x/d.png"));
  EXPECT_THAT(run(KeyFilter({"ins", "out/"}, {})), ElementsAre("inside.jpg", "out/c.jpg"));
}

TEST_F(BucketSourceTest, HiddenNamesAndSymlinksAreNoObjects) {
  const TempFolder outside;
  outside.write("secret.jpg", "x");
  folder_.write(".tidemill-staging/half.jpg", "x");
  folder_.write("sub/.half.jpg.Xy12", "x");
  std::filesystem::create_symlink(outside / "secret.jpg", folder_ / "link.jpg");
  std::filesystem::create_directory_symlink(outside.path(), folder_ / "link");
  std::filesystem::create_directory_symlink(folder_.path(), folder_ / "loop");
  ASSERT_EQ(::mkfifo((folder_ / "pipe.jpg").c_str(), 0600), 0);
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(BucketSourceTest, AFileBeingWrittenIsLeftOutOfAListing) {
  std::ofstream writer(folder_ / "half.jpg");
  writer << "half" << std::flush;
  folder_.write("whole.jpg", "x");
  EXPECT_THAT(run(), ElementsAre("whole.jpg"));
  EXPECT_TRUE(log_.says("1 files being written"));
  writer.close();
  EXPECT_THAT(run(), ElementsAre("half.jpg"));
}

TEST_F(BucketSourceTest, AWatchedFileCountsOnceItIsClosed) {
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  std::ofstream writer(folder_ / "a.jpg");
  writer << "half" << std::flush;
  EXPECT_FALSE(life->driver.answered());
  writer << "whole";
  writer.close();
  ASSERT_TRUE(life->driver.answered());
  const auto events = life->driver.take();
  ASSERT_THAT(keys(events), ElementsAre("a.jpg"));
  EXPECT_EQ(events[0].object_bytes, 9u);
}

TEST_F(BucketSourceTest, AFileRenamedInCountsAtOnce) {
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  folder_.write(".a.jpg.part", "x");
  EXPECT_FALSE(life->driver.answered());
  folder_.rename(".a.jpg.part", "a.jpg");
  EXPECT_THAT(keys(life->driver.take()), ElementsAre("a.jpg"));
}

TEST_F(BucketSourceTest, AFileLinkedInCountsAtOnce) {
  folder_.write(".a.jpg.part", "x");
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  std::filesystem::create_hard_link(folder_ / ".a.jpg.part", folder_ / "a.jpg");
  EXPECT_THAT(keys(life->driver.take()), ElementsAre("a.jpg"));
}

TEST_F(BucketSourceTest, ARenameOverAnObjectIsOneEvent) {
  folder_.write("a.jpg", "old");
  EXPECT_EQ(run().size(), 1u);
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  folder_.write(".next", "new");
  folder_.rename(".next", "a.jpg");
  EXPECT_THAT(keys(life->driver.take()), ElementsAre("a.jpg"));
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
}

TEST_F(BucketSourceTest, NewFoldersAreWatchedAndListed) {
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  folder_.write("new/deep/a.jpg", "x");
  EXPECT_THAT(keys(life->driver.take()), ElementsAre("new/deep/a.jpg"));
  life->driver.begin_poll();
  folder_.write("new/deep/b.jpg", "x");
  EXPECT_THAT(keys(life->driver.take()), ElementsAre("new/deep/b.jpg"));
  life->driver.begin_poll();
  folder_.rename("new", "moved");
  EXPECT_THAT(keys(life->driver.take()),
              UnorderedElementsAre("moved/deep/a.jpg", "moved/deep/b.jpg"));
  life->driver.begin_poll();
  folder_.write("moved/deep/c.jpg", "x");
  EXPECT_THAT(keys(life->driver.take()), ElementsAre("moved/deep/c.jpg"));
}

TEST_F(BucketSourceTest, ANewerVersionWaitsUntilTheOlderIsSettled) {
  auto life = start(Mode::watching);
  folder_.write("a.jpg", "1");
  const auto first = life->driver.poll();
  life->driver.begin_poll();
  folder_.write("a.jpg", "22");
  EXPECT_FALSE(life->driver.answered());
  settle(*life, first);
  const auto second = life->driver.take();
  ASSERT_THAT(keys(second), ElementsAre("a.jpg"));
  EXPECT_EQ(second[0].object_bytes, 2u);
  EXPECT_NE(second[0].version, first[0].version);
  settle(*life, second);
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(BucketSourceTest, AFileRewrittenAndClosedUnchangedIsNoEvent) {
  folder_.write("a.jpg", "x");
  auto life = start(Mode::watching);
  settle(*life, life->driver.poll());
  life->driver.begin_poll();
  std::ofstream(folder_ / "a.jpg", std::ios::app).close();
  EXPECT_FALSE(life->driver.answered());
}

TEST_F(BucketSourceTest, RemovalsAreReportedWhenAskedFor) {
  folder_.write("a.jpg", "x");
  folder_.write("sub/b.jpg", "x");
  folder_.write("c.jpg", "x");
  EXPECT_EQ(run().size(), 3u);
  folder_.remove("a.jpg");
  auto life = start(Mode::watching, {}, true);
  const auto while_away = life->driver.poll();
  ASSERT_THAT(keys(while_away), ElementsAre("a.jpg"));
  EXPECT_EQ(while_away[0].type, "com.amazonaws.s3.ObjectRemoved:Delete");
  EXPECT_THAT(std::string(while_away[0].data.view()), HasSubstr("Permanently Deleted"));
  settle(*life, while_away);
  life->driver.begin_poll();
  folder_.remove("sub");
  const auto watched = life->driver.take();
  EXPECT_THAT(keys(watched), ElementsAre("sub/b.jpg"));
  settle(*life, watched);
  life.reset();
  EXPECT_THAT(run({}, true), IsEmpty());
  folder_.write("a.jpg", "again");
  EXPECT_THAT(run({}, true), ElementsAre("a.jpg"));
}

TEST_F(BucketSourceTest, ARemovalInFlightIsReportedAfterTheCreation) {
  auto life = start(Mode::watching, {}, true);
  folder_.write("a.jpg", "x");
  const auto created = life->driver.poll();
  folder_.remove("a.jpg");
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  settle(*life, created);
  const auto removed = life->driver.take();
  ASSERT_EQ(removed.size(), 1u);
  EXPECT_EQ(removed[0].version, "removed-" + std::string(created[0].version));
}

TEST_F(BucketSourceTest, NeverDeliversBeyondItsCredit) {
  for (const char* name : {"a", "b", "c", "d"}) folder_.write(name, std::string(1000, 'x'));
  auto life = start(Mode::until_idle);
  EXPECT_THAT(keys(life->driver.poll({.events = 3, .bytes = 1 << 20})), ElementsAre("a", "b", "c"));
  EXPECT_THAT(life->driver.poll({.events = 5, .bytes = 900}), IsEmpty());
  EXPECT_EQ(life->driver.end(), PollEnd::more);
}

TEST_F(BucketSourceTest, AnOversizedEventTravelsAloneOnceNothingElseIsInFlight) {
  folder_.write("a", "x");
  folder_.write("b-large", std::string(10'000, 'x'));
  folder_.write("c", "x");
  auto life = start(Mode::until_idle);
  const Credit idle{.events = 10, .bytes = 1000, .alone = true};
  const Credit busy{.events = 10, .bytes = 900, .alone = false};
  EXPECT_THAT(keys(life->driver.poll(idle)), ElementsAre("a"));
  EXPECT_THAT(life->driver.poll(busy), IsEmpty());
  EXPECT_THAT(keys(life->driver.poll(idle)), ElementsAre("b-large"));
  EXPECT_THAT(keys(life->driver.drain(idle)), ElementsAre("c"));
}

TEST_F(BucketSourceTest, WithoutNotificationItListsAtIntervals) {
  auto life = start(Mode::scanning);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.write("a.jpg", "x");
  EXPECT_FALSE(life->driver.answered());
  const Instant before = scheduler_.now();
  settle(*life, life->driver.take());
  EXPECT_EQ(scheduler_.now() - before, std::chrono::seconds(10));
}

TEST_F(BucketSourceTest, AnOverflowOfNotificationsLeadsToAListing) {
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  std::uint64_t queued_max = 0;
  limit >> queued_max;
  ASSERT_GT(queued_max, 0u);
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  // Two names in turn: the kernel folds equal neighbours.
  for (std::uint64_t i = 0; i <= queued_max / 2 + 1; ++i) {
    std::ofstream(folder_ / "a.txt").close();
    std::ofstream(folder_ / "b.txt").close();
  }
  folder_.write("last.jpg", "x");
  auto events = life->driver.take();
  while (keys(events).back() != "last.jpg")
    for (Event& event : life->driver.poll()) events.push_back(std::move(event));
  EXPECT_THAT(keys(events), UnorderedElementsAre("a.txt", "b.txt", "last.jpg"));
  EXPECT_TRUE(log_.says("too many changes at once"));
}

TEST_F(BucketSourceTest, ARootThatIsReplacedIsFoundAgain) {
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.remove("");
  EXPECT_THAT(life->driver.take(), IsEmpty());
  ASSERT_FALSE(life->driver.end());
  EXPECT_EQ(life->driver.end().error().fault, Fault::transient);
  EXPECT_THAT(life->driver.poll(), IsEmpty());
  folder_.write("a.jpg", "x");
  EXPECT_THAT(keys(life->driver.poll()), ElementsAre("a.jpg"));
}

TEST_F(BucketSourceTest, AnInterruptEndsAPollThatWaits) {
  auto life = start(Mode::watching);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  life->driver.interrupt();
  ASSERT_FALSE(life->driver.end());
  EXPECT_EQ(life->driver.end().error().fault, Fault::cancelled);
}

TEST_F(BucketSourceTest, AMissingFolderIsForAPerson) {
  folder_.remove("");
  const Life life(*this, Mode::watching, {}, false);
  ASSERT_FALSE(life.opened);
  EXPECT_EQ(life.opened.error().fault, Fault::bad_config);
}

TEST_F(BucketSourceTest, ReadsTheObjectOfAnEvent) {
  folder_.write("sub/a.jpg", "content");
  auto life = start(Mode::until_idle);
  const auto event = life->driver.drain().at(0);
  EXPECT_EQ(life->source.read_object(event, 7)->view(), "content");
  const auto over = life->source.read_object(event, 6);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().fault, Fault::bad_event);
  folder_.remove("sub/a.jpg");
  const auto gone = life->source.read_object(event, 7);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().fault, Fault::bad_event);
}

TEST_F(BucketSourceTest, AFolderSwappedForASymlinkLeadsNowhere) {
  const TempFolder outside;
  outside.write("a.jpg", "secret");
  folder_.write("sub/a.jpg", "content");
  auto life = start(Mode::until_idle);
  const auto event = life->driver.drain().at(0);
  folder_.remove("sub");
  std::filesystem::create_directory_symlink(outside.path(), folder_ / "sub");
  EXPECT_FALSE(life->source.read_object(event, 100));
}

TEST_F(BucketSourceTest, SeesWritesAboveAndBelowItsPlace) {
  const auto life = start(Mode::until_idle, KeyFilter({"in/photos"}, {".jpg"}));
  const std::string root = "folder:" + folder_.path();
  const BucketSource& source = life->source;
  EXPECT_TRUE(source.sees(root + "/"));
  EXPECT_TRUE(
      source.sees("folder:" + std::filesystem::path(folder_.path()).parent_path().string()));
  EXPECT_TRUE(source.sees(root + "/in/"));
  EXPECT_TRUE(source.sees(root + "/in/photos2/small/"));
  EXPECT_FALSE(source.sees(root + "/out/"));
  EXPECT_FALSE(source.sees(root + "-other/"));
  EXPECT_FALSE(source.sees("kafka:topic"));
  EXPECT_TRUE(source.sees("file:" + folder_.path() + "/in/photos.jpg"));
  EXPECT_FALSE(source.sees("file:" + folder_.path() + "/in/photos.ndjson"));
}

}  // namespace
}  // namespace tidemill::bucket

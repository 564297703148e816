#include <sys/stat.h>

#include "file_source_fixture.h"

namespace tidemill::file {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What becomes of the name while the source looks, and while it does not.
class FileLogTest : public FileSourceTest {
 protected:
  std::uint64_t inode(std::string_view name) const {
    struct stat status{};
    EXPECT_EQ(::stat((folder_ / name).c_str(), &status), 0);
    return status.st_ino;
  }

  // Puts a new file under a name; with the inode of a removed one, if the file system does that.
  void replace(std::string_view name, std::string_view content) {
    folder_.remove(name);
    folder_.write(name, content);
  }

  static std::string lines(std::string_view word, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += std::string(word) + ' ' + std::to_string(i) + '\n';
    return text;
  }
};

TEST_F(FileLogTest, AFileThatIsCutIsReadAnewAndOffsetsGoOn) {
  folder_.write("in", "one\ntwo\n");
  auto life = start(Until::interrupted);
  const auto before = life->driver.poll();
  folder_.write("in", "new\n");
  const auto after = life->driver.poll();
  ASSERT_THAT(texts(after), ElementsAre("new"));
  EXPECT_GT(after[0].offset, before[1].offset_next);
  EXPECT_EQ(after[0].offset.value, std::uint64_t{1} << 48);
  EXPECT_TRUE(log_.says("was cut"));
  settle(after);
  life.reset();
  folder_.append("in", "more\n");
  EXPECT_THAT(run(), ElementsAre("more"));
}

TEST_F(FileLogTest, AFileThatIsCutAndGrowsBeyondWhereItWasIsReadAnew) {
  folder_.write("in", "one\ntwo\n");
  auto life = start(Until::interrupted);
  EXPECT_EQ(life->driver.poll().size(), 2u);
  life->driver.begin_poll();
  ASSERT_FALSE(life->driver.answered());
  folder_.write("in", "three\nfour\nfive\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("three", "four", "five"));
}

TEST_F(FileLogTest, AFileThatWasCutWhileAwayIsReadAnew) {
  folder_.write("in", "one\ntwo\n");
  EXPECT_EQ(run().size(), 2u);
  folder_.write("in", "new\n");
  EXPECT_THAT(run(), ElementsAre("new"));
  EXPECT_THAT(run(), IsEmpty());
  folder_.write("in", "longer than before\n");
  EXPECT_THAT(run(), ElementsAre("longer than before"));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FileLogTest, ARotatedFileIsReadToItsEndFirst) {
  folder_.write("in", "one\n");
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("one"));
  folder_.append("in", "two\nunfinished");
  folder_.rename("in", "in.1");
  folder_.write("in", "three\n");
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("two"));
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("unfinished"));
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("three"));
}

TEST_F(FileLogTest, AWriterMayTakeAWhileToLearnThatItsFileWasRotated) {
  config_.rotate_wait = std::chrono::seconds(5);
  folder_.write("in", "one\n");
  auto life = start(Until::interrupted);
  EXPECT_EQ(life->driver.poll().size(), 1u);
  folder_.rename("in", "in.1");
  folder_.write("in", "of the new one\n");
  life->driver.begin_poll();
  ASSERT_FALSE(life->driver.answered());
  scheduler_.run_until([&, until = scheduler_.now() + std::chrono::seconds(4)] {
    return scheduler_.now() >= until;
  });
  ASSERT_FALSE(life->driver.answered());
  folder_.append("in.1", "late\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("late"));
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("of the new one"));
}

TEST_F(FileLogTest, AFileThatWasRotatedWhileAwayIsReadToItsEndFirst) {
  folder_.write("in", "one\ntwo\n");
  settle({start(Until::idle)->driver.drain().front()});
  folder_.append("in", "three\n");
  folder_.rename("in", "in.2024");
  folder_.write("in", "four\n");
  EXPECT_THAT(run(), ElementsAre("two", "three", "four"));
  EXPECT_TRUE(log_.says("is called " + (folder_ / "in.2024")));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FileLogTest, ARotatedFileWithoutAReplacementIsStillFollowed) {
  folder_.write("in", "one\n");
  EXPECT_EQ(run().size(), 1u);
  folder_.append("in", "two\n");
  folder_.rename("in", "in.1");
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("two"));
  folder_.append("in.1", "three\n");
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("three"));
  folder_.write("in", "four\n");
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("four"));
}

TEST_F(FileLogTest, ARotatedFileThatIsGoneIsSaidToBe) {
  folder_.write("in", "one\ntwo\n");
  settle({start(Until::idle)->driver.drain().front()});
  folder_.rename("in", "in.1");
  folder_.write("in", "three\n");
  folder_.remove("in.1");
  EXPECT_THAT(run(), ElementsAre("three"));
  EXPECT_TRUE(log_.says("the one before it is gone"));
}

TEST_F(FileLogTest, ANewFileWithTheNumberOfARemovedOneIsNotTakenForIt) {
  folder_.write("in", lines("old", 50));
  EXPECT_EQ(run().size(), 50u);
  const std::uint64_t before = inode("in");
  replace("in", lines("new", 100));
  if (inode("in") != before) GTEST_SKIP() << "this file system does not use numbers again at once";
  EXPECT_EQ(run().size(), 100u);
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FileLogTest, FilesThatCameAndWentWhileTheReaderWasBehindAreReadInTheirOrder) {
  folder_.write("in", lines("first", 100'000));
  auto life = start(Until::interrupted);
  std::vector<std::string> read;
  const auto read_chunk = [&] {
    for (std::string& text : texts(life->driver.poll())) read.push_back(std::move(text));
  };
  read_chunk();
  for (const std::string word : {"second", "third"}) {
    folder_.rename("in", "before." + word);
    folder_.write("in", lines(word, 2));
    scheduler_.call_at(scheduler_.now() + config_.check, [] {});
    scheduler_.run();
    read_chunk();
  }
  ASSERT_LT(read.size(), 100'000u) << "it is still behind";
  while (read.size() < 100'004) read_chunk();
  EXPECT_EQ(read[99'999], "first 99999");
  EXPECT_THAT(std::vector(read.end() - 4, read.end()),
              ElementsAre("second 0", "second 1", "third 0", "third 1"));
}

TEST_F(FileLogTest, ProgressInARotatedFileSurvivesAnyNumberOfRestarts) {
  folder_.write("in", "a\nb\nc\n");
  settle({start(Until::idle)->driver.drain().front()});
  folder_.rename("in", "in.1");
  folder_.write("in", "d\ne\n");
  std::vector<std::string> seen;
  for (;;) {
    const auto events = start(Until::idle)->driver.drain();
    if (events.empty()) break;
    settle({events.front()});
    seen.push_back(texts(events).front());
  }
  EXPECT_THAT(seen, ElementsAre("b", "c", "d", "e"));
}

// Before there was a history, only the byte was known: it was of the file that has the name.
TEST_F(FileLogTest, ProgressOfAnOlderVersionGoesOnInTheFileThatHasTheName) {
  folder_.write("in", "one\ntwo\n");
  settle({start(Until::idle)->driver.drain().front()});
  data_.remove("files");
  EXPECT_THAT(run(), ElementsAre("two"));
  EXPECT_TRUE(data_.exists("files"));
  folder_.rename("in", "in.1");
  folder_.append("in.1", "three\n");
  folder_.write("in", "four\n");
  EXPECT_THAT(run(), ElementsAre("three", "four"));
}

TEST_F(FileLogTest, ProgressInALaterGenerationOfAnOlderVersionGoesOnToo) {
  folder_.write("in", "one\ntwo\n");
  Event event = start(Until::idle)->driver.drain().front();
  event.offset_next = Offset((std::uint64_t{7} << 48) | 4);
  settle({event});
  data_.remove("files");
  const auto rest = start(Until::idle)->driver.drain();
  ASSERT_THAT(texts(rest), ElementsAre("two"));
  EXPECT_EQ(rest[0].offset, event.offset_next);
}

TEST_F(FileLogTest, TwoReadersOfOneNameAgreeOnItsGenerations) {
  const auto histories = std::make_shared<FileHistories>();
  const Services services{scheduler_, log_, data_.path(), false};
  FileSource one(config_, false, services, histories);
  FileSource two(config_, false, services, histories);
  SourceDriver first(scheduler_, one);
  SourceDriver second(scheduler_, two);
  folder_.write("in", "a\n");
  ASSERT_TRUE(first.open(progress_));
  ASSERT_TRUE(second.open(progress_));
  EXPECT_EQ(first.poll().front().offset.value, 0u);
  EXPECT_EQ(second.poll().front().offset.value, 0u);
  folder_.write("in", "b\n");
  const auto after = first.poll();
  EXPECT_EQ(after.front().offset, second.poll().front().offset);
}

TEST_F(FileLogTest, AReaderThatBeginsLaterBeginsWithTheFileThatHasTheName) {
  folder_.write("in", "a\n");
  EXPECT_EQ(run().size(), 1u);
  folder_.rename("in", "in.1");
  folder_.write("in", "b\n");
  EXPECT_THAT(run(), ElementsAre("b"));
  progress_ = {};
  EXPECT_THAT(run(), ElementsAre("b"));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FileLogTest, AHistoryThatCannotBeReadIsDoneWithout) {
  folder_.write("in", "one\n");
  EXPECT_EQ(run().size(), 1u);
  for (const auto& entry : std::filesystem::directory_iterator(data_ / "files"))
    data_.write("files/" + entry.path().filename().string(), "{torn");
  folder_.append("in", "two\n");
  EXPECT_THAT(run(), ElementsAre("two"));
  EXPECT_TRUE(log_.says("cannot make sense of"));
}

}  // namespace
}  // namespace tidemill::file

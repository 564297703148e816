#include "file_pattern.h"

#include <map>

#include "file_source_fixture.h"
#include "records/testing/archives.h"

namespace tidemill::file {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(FilePattern, WildcardsStayWithinAPartOfThePath) {
  const FilePattern pattern("/logs/*/app-?.log");
  EXPECT_TRUE(pattern.matches("/logs/a/app-1.log"));
  EXPECT_FALSE(pattern.matches("/logs/a/b/app-1.log"));
  EXPECT_FALSE(pattern.matches("/logs/a/app-10.log"));
  EXPECT_FALSE(pattern.matches("/logs/.hidden/app-1.log"));
  EXPECT_EQ(pattern.fixed_folder(), "/logs");
  EXPECT_EQ(FilePattern("/*.log").fixed_folder(), "/");
}

TEST(FilePattern, KnowsInWhichFoldersAMatchMayCome) {
  const FilePattern pattern("/logs/*/app.log");
  for (const char* folder : {"/", "/logs", "/logs/", "/logs/a/"})
    EXPECT_TRUE(pattern.matches_below(folder)) << folder;
  for (const char* folder : {"/log", "/other/", "/logs/a/app.log", "/logs/a/b"})
    EXPECT_FALSE(pattern.matches_below(folder)) << folder;
}

// Several files, each a partition.
class FilePatternTest : public FileSourceTest {
 protected:
  FilePatternTest() { config_.path = {folder_ / "*.log"}; }

  // By the name of their file, without the folder.
  std::map<std::string, std::vector<std::string>> by_file(const std::vector<Event>& events) const {
    std::map<std::string, std::vector<std::string>> files;
    for (const Event& event : events)
      files[std::string(event.subject.substr(folder_.path().size() + 1))].emplace_back(
          event.data.view());
    return files;
  }

  std::vector<std::string> read(int count, Life& life) {
    std::vector<std::string> read;
    while (read.size() < static_cast<std::size_t>(count)) {
      const auto events = life.driver.poll();
      settle(events);
      for (std::string& text : texts(events)) read.push_back(std::move(text));
    }
    return read;
  }
};

TEST_F(FilePatternTest, EachFileIsAPartitionOfItsOwn) {
  folder_.write("a.log", "a1\na2\n");
  folder_.write("b.log", "b1\nb2");
  folder_.write("c.txt", "c1\n");
  const auto events = start(Until::idle)->driver.drain();
  const auto files = by_file(events);
  ASSERT_EQ(files.size(), 2u);
  EXPECT_THAT(files.at("a.log"), ElementsAre("a1", "a2"));
  EXPECT_THAT(files.at("b.log"), ElementsAre("b1", "b2"));
  for (const Event& event : events)
    EXPECT_EQ(event.partition == events[0].partition, event.subject == events[0].subject);
  EXPECT_EQ(events[0].source, "file:" + (folder_ / "*.log"));
}

TEST_F(FilePatternTest, ARestartGoesOnInEachFile) {
  folder_.write("a.log", "a1\na2\n");
  folder_.write("b.log", "b1\n");
  EXPECT_EQ(run().size(), 3u);
  folder_.append("b.log", "b2\n");
  folder_.write("c.log", "c1\n");
  EXPECT_THAT(run(), UnorderedElementsAre("b2", "c1"));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FilePatternTest, FilesThatComeLaterAreReadToo) {
  folder_.write("a.log", "a1\n");
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("a1"));
  folder_.write("b.log", "b1\n");
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("b1"));
  folder_.append("a.log", "a2\n");
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("a2"));
}

TEST_F(FilePatternTest, ABusyFileDoesNotKeepANewOneWaiting) {
  std::string busy;
  while (busy.size() < 40 * records::ChunkBuffer::chunk_bytes) busy += "busy busy busy busy\n";
  folder_.write("a.log", busy);
  auto life = start(Until::interrupted);
  EXPECT_FALSE(life->driver.poll().empty());
  folder_.write("b.log", "new\n");
  scheduler_.call_at(scheduler_.now() + config_.check, [] {});
  scheduler_.run();
  bool seen = false;
  for (int polls = 0; polls < 4; ++polls)
    for (const std::string& text : texts(life->driver.poll())) seen = seen || text == "new";
  EXPECT_TRUE(seen);
}

TEST_F(FilePatternTest, ARotatedFileThatMatchesUnderItsNewNameIsNotReadAgain) {
  config_.path = {folder_ / "app.log*"};
  folder_.write("app.log", "one\n");
  auto life = start(Until::interrupted);
  EXPECT_THAT(read(1, *life), ElementsAre("one"));
  folder_.append("app.log", "two\n");
  folder_.rename("app.log", "app.log.1");
  folder_.write("app.log", "three\n");
  EXPECT_THAT(read(2, *life), ElementsAre("two", "three"));
  folder_.rename("app.log.1", "app.log.2");
  folder_.rename("app.log", "app.log.1");
  folder_.write("app.log", "four\n");
  EXPECT_THAT(read(1, *life), ElementsAre("four"));
  life.reset();
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FilePatternTest, RotationsWhileAwayLoseNothingThatMatches) {
  config_.path = {folder_ / "app.log*"};
  folder_.write("app.log", "one\ntwo\n");
  settle({start(Until::idle)->driver.drain().front()});
  folder_.rename("app.log", "app.log.2");
  folder_.write("app.log.1", "three\n");
  folder_.write("app.log", "four\n");
  EXPECT_THAT(run(), UnorderedElementsAre("two", "three", "four"));
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FilePatternTest, TheRestOfAFileThatMatchesNoMoreIsReadAfterARestart) {
  folder_.write("a.log", "one\ntwo\n");
  settle({start(Until::idle)->driver.drain().front()});
  folder_.rename("a.log", "a.log.1");
  folder_.write("b.log", "b\n");
  EXPECT_THAT(run(), UnorderedElementsAre("two", "b"));
}

TEST_F(FilePatternTest, ARemovedFileIsReadToItsEndAndItsNameMayComeAgain) {
  folder_.write("a.log", "one\n");
  auto life = start(Until::interrupted);
  EXPECT_THAT(read(1, *life), ElementsAre("one"));
  folder_.append("a.log", "unfinished");
  folder_.remove("a.log");
  EXPECT_THAT(read(1, *life), ElementsAre("unfinished"));
  life->driver.begin_poll();
  ASSERT_FALSE(life->driver.answered());
  folder_.write("a.log", "anew\n");
  const auto events = life->driver.take();
  ASSERT_THAT(texts(events), ElementsAre("anew"));
  EXPECT_EQ(events[0].offset.value >> 48, 1u) << "offsets of a partition never go back";
}

TEST_F(FilePatternTest, ADamagedFileDoesNotHoldBackTheOthers) {
  folder_.write("a.log", "\x1f\x8b damaged");
  folder_.write("b.log", "b1\n");
  Life life(*this, Until::idle);
  ASSERT_TRUE(life.opened);
  EXPECT_THAT(texts(life.driver.poll()), ElementsAre("b1"));
  life.driver.begin_poll();
  life.driver.take();
  ASSERT_FALSE(life.driver.end());
  EXPECT_EQ(life.driver.end().error().fault, Fault::bad_config);
  EXPECT_THAT(life.driver.end().error().message, HasSubstr("a.log"));
}

TEST_F(FilePatternTest, ManyFilesThatEndAreReadAFewAtATime) {
  for (int i = 0; i < 300; ++i)
    folder_.write("f" + std::to_string(i) + ".log", records::testing::zstandard("x\ny\n"));
  EXPECT_EQ(run().size(), 600u);
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FilePatternTest, APausedFileKeepsItsRecordsAndHoldsBackNoOther) {
  folder_.write("a.log", "a1\na2\n");
  folder_.write("b.log", "b1\nb2\n");
  auto life = start(Until::interrupted);
  EXPECT_TRUE(life->source.traits().can_pause);
  const auto first = life->driver.poll({.events = 1, .bytes = 100});
  ASSERT_THAT(texts(first), ElementsAre("a1"));
  life->source.pause(first[0].partition, true);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("b1", "b2"));
  folder_.append("a.log", "a3\n");
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.append("b.log", "b3\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("b3"));
  life->source.pause(first[0].partition, false);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("a2"));
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("a3"));
}

TEST_F(FilePatternTest, APausedFileIsNoEnd) {
  folder_.write("a.log", "a1\n");
  folder_.write("b.log", "b1\n");
  auto life = start(Until::idle);
  const auto first = life->driver.poll();
  ASSERT_THAT(texts(first), ElementsAre("a1"));
  life->source.pause(first[0].partition, true);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("b1"));
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  life->source.pause(first[0].partition, false);
  EXPECT_THAT(life->driver.take(), IsEmpty());
  EXPECT_EQ(life->driver.end(), PollEnd::exhausted);
}

TEST_F(FilePatternTest, NoMatchIsForAPersonWhereNoneCanCome) {
  const Life none(*this, Until::idle);
  ASSERT_FALSE(none.opened);
  EXPECT_EQ(none.opened.error().fault, Fault::bad_config);
  auto life = start(Until::interrupted);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.write("a.log", "a1\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("a1"));
}

TEST_F(FilePatternTest, SeesWhatMatches) {
  const FileSource source(config_, true, Services{scheduler_, log_, data_.path(), true},
                          std::make_shared<FileHistories>());
  EXPECT_TRUE(source.sees("file:" + (folder_ / "a.log")));
  EXPECT_FALSE(source.sees("file:" + (folder_ / "a.txt")));
  EXPECT_TRUE(source.sees("folder:" + folder_.path() + "/"));
  EXPECT_FALSE(source.sees("folder:" + (folder_ / "below/")));
}

}  // namespace
}  // namespace tidemill::file

#include "file_source_fixture.h"

namespace tidemill::file {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using records::ChunkBuffer;
using records::RecordReader;

TEST_F(FileSourceTest, EachLineIsAnEventAtItsByte) {
  folder_.write("in", "{\"a\":1}\n\n\r\n{\"b\":2}\r\nlast");
  const auto events = start(Until::idle)->driver.drain();
  ASSERT_THAT(texts(events), ElementsAre("{\"a\":1}", "{\"b\":2}", "last"));
  EXPECT_EQ(events[0].offset.value, 0u);
  EXPECT_EQ(events[0].offset_next.value, 8u);
  EXPECT_EQ(events[1].offset.value, 11u);
  EXPECT_EQ(events[1].offset_next.value, 20u);
  EXPECT_EQ(events[2].offset_next.value, 24u);
  EXPECT_EQ(events[0].source, "file:" + (folder_ / "in"));
  EXPECT_EQ(events[0].content_type, "application/json");
}

TEST_F(FileSourceTest, AnEventsKeyIsWhatItsLineHasAtThePath) {
  folder_.write("in", "{\"user\":\"ann\"}\n{\"user\":7}\n{}\n");
  config_.key = ".user";
  std::vector<std::string> keys;
  for (const Event& event : start(Until::idle)->driver.drain()) keys.emplace_back(event.key);
  EXPECT_THAT(keys, ElementsAre("ann", "7", ""));
}

TEST_F(FileSourceTest, AnEmptyFileIsExhausted) {
  folder_.write("in", "");
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(FileSourceTest, ARestartGoesOnBehindWhatWasSettled) {
  folder_.write("in", "one\ntwo\n");
  EXPECT_THAT(run(), ElementsAre("one", "two"));
  EXPECT_THAT(run(), IsEmpty());
  folder_.append("in", "three\n");
  EXPECT_THAT(run(), ElementsAre("three"));
}

TEST_F(FileSourceTest, LinesAcrossChunksAreWhole) {
  std::string content;
  std::vector<std::string> expected;
  for (int i = 0; content.size() < 3 * ChunkBuffer::chunk_bytes; ++i) {
    expected.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 977), 'x'));
    content += expected.back() + '\n';
  }
  folder_.write("in", content);
  EXPECT_EQ(run(), expected);
}

TEST_F(FileSourceTest, AChunkThatEndsWithItsLineLosesNothing) {
  const std::string line(127, 'x');
  std::string content;
  while (content.size() < 2 * ChunkBuffer::chunk_bytes) content += line + '\n';
  folder_.write("in", content + "last\n");
  const auto read = run();
  ASSERT_EQ(read.size(), content.size() / 128 + 1);
  EXPECT_EQ(read[read.size() - 2], line);
  EXPECT_EQ(read.back(), "last");
}

TEST_F(FileSourceTest, EventsOutliveTheSource) {
  folder_.write("in", "one\ntwo\n");
  std::vector<Event> events;
  {
    auto life = start(Until::idle);
    events = life->driver.drain();
  }
  EXPECT_THAT(texts(events), ElementsAre("one", "two"));
}

TEST_F(FileSourceTest, AnOversizedLineIsItsBeginningAndItsLength) {
  const std::string large(3 * ChunkBuffer::chunk_bytes, 'x');
  const std::string somewhat(4097, 'y');
  folder_.write("in", "a\n" + large + "\nb\n" + somewhat + "\n" + std::string(4096, 'z') + "\n");
  const auto events = start(Until::idle)->driver.drain();
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[1].data.size(), RecordReader::prefix_bytes);
  ASSERT_EQ(events[1].extensions.size(), 1u);
  EXPECT_EQ(events[1].extensions[0].name, "tidemill-oversized");
  EXPECT_EQ(events[1].extensions[0].value, std::to_string(large.size()));
  EXPECT_EQ(events[1].offset.value, 2u);
  EXPECT_EQ(events[1].offset_next.value, 2 + large.size() + 1);
  EXPECT_EQ(events[2].data.view(), "b");
  EXPECT_EQ(events[2].offset, events[1].offset_next);
  EXPECT_EQ(events[3].extensions[0].value, "4097");
  EXPECT_TRUE(events[4].extensions.empty());
  EXPECT_EQ(events[4].data.size(), 4096u);
}

TEST_F(FileSourceTest, AnOversizedLastLineCountsToo) {
  const std::string large(2 * ChunkBuffer::chunk_bytes, 'x');
  folder_.write("in", large);
  const auto events = start(Until::idle)->driver.drain();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].offset_next.value, large.size());
}

TEST_F(FileSourceTest, WaitsForALineToBeWhole) {
  folder_.write("in", "one\nha");
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("one"));
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.append("in", "lf\ntwo\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("half", "two"));
}

TEST_F(FileSourceTest, WaitsForAFileThatIsNotThereYet) {
  auto life = start(Until::interrupted);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.write("in", "one\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("one"));
  EXPECT_TRUE(log_.says("waiting for the file"));
}

TEST_F(FileSourceTest, NeverDeliversBeyondItsCredit) {
  folder_.write("in", "one\ntwo\nthree\nfour\n");
  auto life = start(Until::idle);
  EXPECT_THAT(texts(life->driver.poll({.events = 1, .bytes = 100})), ElementsAre("one"));
  EXPECT_THAT(life->driver.poll({.events = 9, .bytes = 2}), IsEmpty());
  EXPECT_EQ(life->driver.end(), PollEnd::more);
  EXPECT_THAT(texts(life->driver.poll({.events = 9, .bytes = 2, .alone = true})),
              ElementsAre("two"));
  EXPECT_THAT(texts(life->driver.poll({.events = 9, .bytes = 9})), ElementsAre("three", "four"));
}

TEST_F(FileSourceTest, WhatCannotBeReadIsForAPerson) {
  const Life missing(*this, Until::idle);
  ASSERT_FALSE(missing.opened);
  EXPECT_EQ(missing.opened.error().fault, Fault::bad_config);
  folder_.make_folder("in");
  const Life folder(*this, Until::interrupted);
  ASSERT_FALSE(folder.opened);
  EXPECT_EQ(folder.opened.error().fault, Fault::bad_config);
}

TEST_F(FileSourceTest, SeesItselfAndTheFoldersAroundIt) {
  folder_.write("in", "");
  const auto life = start(Until::idle);
  EXPECT_TRUE(life->source.sees("file:" + (folder_ / "in")));
  EXPECT_TRUE(life->source.sees("folder:" + folder_.path() + "/"));
  EXPECT_FALSE(life->source.sees("file:" + (folder_ / "out")));
  EXPECT_FALSE(life->source.sees("folder:" + (folder_ / "in/")));
}

TEST_F(FileSourceTest, WithoutFollowItEndsAtTheEndOfTheFile) {
  config_.follow = false;
  folder_.write("in", "one\nlast");
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.drain()), ElementsAre("one", "last"));
  EXPECT_EQ(life->driver.end(), PollEnd::exhausted);
  folder_.remove("in");
  const Life missing(*this, Until::interrupted);
  EXPECT_EQ(missing.opened.error().fault, Fault::bad_config);
}

TEST_F(FileSourceTest, IsToldOfChangesBeforeItIsTimeToLook) {
  config_.check = std::chrono::hours(1);
  folder_.write("in", "one\n");
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("one"));
  life->driver.begin_poll();
  ASSERT_FALSE(life->driver.answered());
  const Instant before = scheduler_.now();
  folder_.write("another", "is no news");
  EXPECT_FALSE(life->driver.answered());
  folder_.append("in", "two\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("two"));
  EXPECT_LT(scheduler_.now() - before, std::chrono::hours(1));
}

TEST_F(FileSourceTest, ALongLineIsBoundedInMemoryWhateverItsLength) {
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) folder_.append("in", megabyte);
  folder_.append("in", "\nsmall\n");
  const auto events = start(Until::idle)->driver.drain();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].extensions[0].value, std::to_string(40 << 20));
  EXPECT_EQ(events[1].data.view(), "small");
}

TEST_F(FileSourceTest, AnInterruptEndsAPollThatWaits) {
  auto life = start(Until::interrupted);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  life->driver.interrupt();
  EXPECT_EQ(life->driver.end().error().fault, Fault::cancelled);
}

}  // namespace
}  // namespace tidemill::file

#include "stdin_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "records/testing/archives.h"
#include "tidemill/posix.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/source_driver.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::stdin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> texts(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const Event& event : events) texts.emplace_back(event.data.view());
  return texts;
}

class StdinSourceTest : public ::testing::Test {
 protected:
  StdinSourceTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_ = Descriptor(ends[0]);
    writer_ = Descriptor(ends[1]);
    tape_ = std::make_shared<StdinTape>(reader_.get());
  }

  struct Life {
    explicit Life(StdinSourceTest& test)
        : source(test.config_, Services{test.scheduler_, test.log_, "/nowhere", false}, test.tape_),
          driver(test.scheduler_, source) {
      opened = driver.open(test.progress_);
    }
    StdinSource source;
    testing::SourceDriver driver;
    Result<> opened;
  };

  void write(std::string_view text) const {
    ASSERT_EQ(::write(writer_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void end() { writer_ = Descriptor(); }

  Descriptor reader_;
  Descriptor writer_;
  std::shared_ptr<StdinTape> tape_;
  Config config_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  testing::MapProgress progress_;
};

TEST_F(StdinSourceTest, EachLineIsAnEventUntilTheEnd) {
  write("one\ntwo\r\nlast");
  end();
  Life life(*this);
  const auto events = life.driver.drain();
  ASSERT_THAT(texts(events), ElementsAre("one", "two", "last"));
  EXPECT_EQ(events[0].offset.value, 0u);
  EXPECT_EQ(events[2].offset_next.value, 13u);
  EXPECT_EQ(events[0].source, "stdin:");
  EXPECT_EQ(life.driver.end(), PollEnd::exhausted);
}

TEST_F(StdinSourceTest, WaitsForMoreWithoutHoldingAThread) {
  Life life(*this);
  life.driver.begin_poll();
  EXPECT_FALSE(life.driver.answered());
  write("one\nha");
  EXPECT_THAT(texts(life.driver.take()), ElementsAre("one"));
  life.driver.begin_poll();
  EXPECT_FALSE(life.driver.answered());
  write("lf\n");
  EXPECT_THAT(texts(life.driver.take()), ElementsAre("half"));
  end();
  EXPECT_THAT(life.driver.poll(), IsEmpty());
  EXPECT_EQ(life.driver.end(), PollEnd::exhausted);
}

TEST_F(StdinSourceTest, AnInterruptEndsAPollThatWaits) {
  Life life(*this);
  life.driver.begin_poll();
  EXPECT_FALSE(life.driver.answered());
  life.driver.interrupt();
  EXPECT_EQ(life.driver.end().error().fault, Fault::cancelled);
}

TEST_F(StdinSourceTest, NothingIsAnEndToo) {
  end();
  Life life(*this);
  EXPECT_THAT(life.driver.drain(), IsEmpty());
}

TEST_F(StdinSourceTest, AFileInItsPlaceIsReadToItsEnd) {
  const testing::TempFolder folder;
  folder.write("in", "one\ntwo\n");
  const Descriptor file(::open((folder / "in").c_str(), O_RDONLY | O_CLOEXEC));
  tape_ = std::make_shared<StdinTape>(file.get());
  Life life(*this);
  EXPECT_THAT(texts(life.driver.drain()), ElementsAre("one", "two"));
}

TEST_F(StdinSourceTest, CsvInAnArchive) {
  config_.format = records::Format::csv;
  write(records::testing::zstandard("a,b\n1,2\n"));
  end();
  Life life(*this);
  EXPECT_THAT(texts(life.driver.drain()), ElementsAre(R"({"a":"1","b":"2"})"));
}

TEST_F(StdinSourceTest, ATornArchiveIsForAPerson) {
  write(records::testing::gzipped("one\n").substr(0, 12));
  end();
  Life life(*this);
  EXPECT_THAT(life.driver.drain(), IsEmpty());
  ASSERT_FALSE(life.driver.end());
  EXPECT_EQ(life.driver.end().error().fault, Fault::bad_config);
  EXPECT_THAT(life.driver.end().error().message, HasSubstr("ends in the middle"));
}

TEST_F(StdinSourceTest, AHeaderThatNamesNoColumnsIsForAPerson) {
  config_.format = records::Format::csv;
  write("a,a\n1,2\n");
  Life life(*this);
  EXPECT_THAT(life.driver.drain(), IsEmpty());
  EXPECT_EQ(life.driver.end().error().fault, Fault::bad_config);
}

TEST_F(StdinSourceTest, NeverDeliversBeyondItsCredit) {
  write("one\ntwo\nthree\n");
  Life life(*this);
  EXPECT_THAT(texts(life.driver.poll({.events = 1, .bytes = 100})), ElementsAre("one"));
  EXPECT_THAT(life.driver.poll({.events = 9, .bytes = 2}), IsEmpty());
  EXPECT_THAT(texts(life.driver.poll({.events = 9, .bytes = 2, .alone = true})),
              ElementsAre("two"));
}

TEST_F(StdinSourceTest, APipelineMadeAnewGetsAgainWhatWasNotSettled) {
  write("one\ntwo\nthree\n");
  {
    Life life(*this);
    const auto events = life.driver.poll();
    ASSERT_EQ(events.size(), 3u);
    progress_.settle(events[0]);
    life.driver.settle({events[1]});  // All below the second.
  }
  write("four\n");
  Life life(*this);
  ASSERT_TRUE(life.opened);
  const auto again = life.driver.poll({.events = 1, .bytes = 100});
  ASSERT_THAT(texts(again), ElementsAre("two"));
  EXPECT_EQ(again[0].offset.value, 4u);
  EXPECT_THAT(texts(life.driver.poll()), ElementsAre("three"));
  EXPECT_THAT(texts(life.driver.poll()), ElementsAre("four"));
}

TEST_F(StdinSourceTest, WhatIsSettledIsNotKept) {
  Life life(*this);
  const std::string line = std::string(60'000, 'x') + '\n';
  std::weak_ptr<const void> first;
  for (int i = 0; i < 20; ++i) {
    write(line);
    auto events = life.driver.poll();
    ASSERT_EQ(events.size(), 1u);
    if (i == 0) first = events[0].data.owner();
    events[0].offset = events[0].offset_next;
    life.driver.settle(events);
  }
  EXPECT_TRUE(first.expired());
}

TEST_F(StdinSourceTest, OffsetsGoOnFromRunToRun) {
  Event settled;
  settled.offset_next = Offset(1000);
  progress_.settle(settled);
  write("one\n");
  Life life(*this);
  const auto events = life.driver.poll();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].offset.value, 1000u);
  EXPECT_EQ(events[0].offset_next.value, 1004u);
}

TEST_F(StdinSourceTest, OnePipelineAtATimeReadsIt) {
  Life life(*this);
  Life second(*this);
  ASSERT_FALSE(second.opened);
  EXPECT_EQ(second.opened.error().fault, Fault::bad_config);
  scheduler_.run(life.source.close());
  EXPECT_TRUE(second.driver.open(progress_));
}

}  // namespace
}  // namespace tidemill::stdin

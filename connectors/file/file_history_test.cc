#include "file_history.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tidemill/posix.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::file {
namespace {

class FileHistoryTest : public ::testing::Test {
 protected:
  // A file that is there, as whoever opened it knows it.
  struct Opened {
    Opened(const testing::TempFolder& folder, const std::string& name)
        : file(::open((folder / name).c_str(), O_RDONLY | O_CLOEXEC)),
          id(identify(file.get()).value()) {}
    Descriptor file;
    FileId id;
  };

  Opened made(const std::string& name, std::string_view content) {
    folder_.write(name, content);
    return Opened(folder_, name);
  }

  FileHistory reopened() { return {folder_ / "data/history.json", "file:in", log_}; }

  testing::TempFolder folder_;
  testing::RecordingLog log_;
};

TEST_F(FileHistoryTest, SurvivesARestartOnceItIsSaved) {
  const Opened a = made("a", "one\n");
  Partition partition;
  {
    FileHistory first = reopened();
    partition = first.partition_of("in", true);
    EXPECT_EQ(first.current("in", a.file.get(), a.id), 0u);
    ASSERT_TRUE(first.save());
    first.record("in", 1, a.id);  // Not saved.
  }
  FileHistory again = reopened();
  EXPECT_EQ(again.partition_of("in", true), partition);
  EXPECT_EQ(again.find("in", 0), a.id);
  EXPECT_FALSE(again.find("in", 1));
  EXPECT_EQ(again.names(), std::vector<std::string>{"in"});
}

TEST_F(FileHistoryTest, AFileIsTheSameWhileItOnlyGrows) {
  const Opened young = made("a", "one\n");
  FileHistory history = reopened();
  history.current("in", young.file.get(), young.id);
  folder_.append("a", "two\n");
  const Opened grown(folder_, "a");
  EXPECT_EQ(history.current("in", grown.file.get(), grown.id), 0u);
  folder_.write("a", "anew\n");
  const Opened anew(folder_, "a");
  EXPECT_EQ(history.current("in", anew.file.get(), anew.id), 1u);
}

TEST_F(FileHistoryTest, AnotherDeviceNumberDoesNotMakeItAnother) {
  const Opened a = made("a", std::string(100, 'x'));
  FileId before = a.id;
  before.device += 7;  // As after a restart of the machine.
  EXPECT_TRUE(is_same(before, a.file.get(), a.id));
  const Opened small = made("b", "x\n");
  before = small.id;
  before.device += 7;
  EXPECT_FALSE(is_same(before, small.file.get(), small.id)) << "too little to tell it by";
}

TEST_F(FileHistoryTest, GenerationsFollowEachOther) {
  const Opened a = made("a", "a\n");
  const Opened b = made("b", "b\n");
  const Opened c = made("c", "c\n");
  FileHistory history = reopened();
  EXPECT_EQ(history.current("in", a.file.get(), a.id), 0u);
  EXPECT_EQ(history.current("in", b.file.get(), b.id), 1u);
  EXPECT_EQ(history.after("in", 0, c.id), 1u) << "what is known comes first";
  EXPECT_EQ(history.after("in", 1, c.id), 2u);
  EXPECT_EQ(history.find("in", 2), c.id);
  EXPECT_EQ(history.owner_of(b.file.get(), b.id), "in");
  const Opened other = made("d", "d\n");
  EXPECT_EQ(history.owner_of(other.file.get(), other.id), "");
}

TEST_F(FileHistoryTest, TheNextGenerationIsAnotherFile) {
  const Opened a = made("a", "a\n");
  const Opened b = made("b", "b\n");
  FileHistory history = reopened();
  history.record("in", 0, a.id);
  history.record("in", 2, a.id);  // Another pipeline of an older version counted differently.
  history.record("in", 3, b.id);
  EXPECT_EQ(history.next("in", 0, a.file.get(), a.id), 3u);
  EXPECT_FALSE(history.next("in", 3, b.file.get(), b.id));
}

TEST_F(FileHistoryTest, AConfiguredNameIsPartitionZeroAndMatchedOnesHaveTheirOwn) {
  FileHistory history = reopened();
  EXPECT_EQ(history.partition_of("/in", false).value, 0u);
  std::set<Partition> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(history.partition_of("/" + std::to_string(i), true));
  EXPECT_EQ(seen.size(), 1000u);
  FileHistory other = reopened();
  EXPECT_EQ(other.partition_of("/7", true), history.partition_of("/7", true))
      << "the same without anything saved";
}

TEST_F(FileHistoryTest, NamesAreForgottenWhenThereAreTooManyAndThenComeBackAsNewOnes) {
  const Opened a = made("a", "a\n");
  FileHistory history = reopened();
  const Partition before = history.partition_of("/gone", true);
  history.record("/gone", 0, a.id);
  history.forget("/gone");
  EXPECT_TRUE(history.find("/gone", 0)) << "there are few";
  for (std::size_t i = 0; i < FileHistory::names_max; ++i)
    history.record("/" + std::to_string(i), 0, a.id);
  history.forget("/gone");
  EXPECT_FALSE(history.find("/gone", 0));
  EXPECT_NE(history.partition_of("/gone", true), before);
  ASSERT_TRUE(history.save());
  EXPECT_EQ(reopened().partition_of("/gone", true), history.partition_of("/gone", true));
}

TEST_F(FileHistoryTest, OneThatCannotBeReadIsBegunAnewAndSaysSo) {
  for (const char* wrong : {"{torn", "[]", "{}", R"({"version":2})",
                            R"({"version":1,"forgotten":0,"names":[{"name":1}]})"}) {
    folder_.write("data/history.json", wrong);
    FileHistory history = reopened();
    EXPECT_TRUE(history.names().empty()) << wrong;
  }
  EXPECT_TRUE(log_.says("cannot make sense of"));
}

TEST_F(FileHistoryTest, SourcesOfOneIdentityShareOne) {
  FileHistories histories;
  const auto one = histories.open(folder_.path(), "file:a", log_);
  EXPECT_EQ(histories.open(folder_.path(), "file:a", log_), one);
  EXPECT_NE(histories.open(folder_.path(), "file:b", log_), one);
}

}  // namespace
}  // namespace tidemill::file

#include <algorithm>

#include "file_source_fixture.h"
#include "records/testing/archives.h"

namespace tidemill::file {
namespace {

using records::Compression;
using records::Format;
using records::testing::gzipped;
using records::testing::zstandard;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// CSV and archives, as files.
class FileFormatsTest : public FileSourceTest {
 protected:
  static std::string numbered_lines(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "line " + std::to_string(i) + '\n';
    return text;
  }

  // Restarts after every event.
  std::vector<std::string> run_event_by_event() {
    std::vector<std::string> seen;
    for (;;) {
      const auto events = start(Until::idle)->driver.drain();
      if (events.empty()) return seen;
      settle({events.front()});
      seen.push_back(texts(events).front());
    }
  }

  Error failure() {
    Life life(*this, Until::idle);
    if (!life.opened) return life.opened.error();
    read_ = texts(life.driver.drain());
    EXPECT_FALSE(life.driver.end()) << "it came to its end";
    return life.driver.end() ? Error{} : life.driver.end().error();
  }

  std::vector<std::string> read_;  // Before the failure.
};

TEST_F(FileFormatsTest, ARecordOfCsvIsAnEvent) {
  config_.format = Format::csv;
  config_.key = ".user";
  folder_.write("in", "user,text\r\nann,\"two\r\nlines\"\r\nbob,x\r\n");
  const auto events = start(Until::idle)->driver.drain();
  ASSERT_THAT(texts(events), ElementsAre(R"({"user":"ann","text":"two\r\nlines"})",
                                         R"({"user":"bob","text":"x"})"));
  EXPECT_EQ(events[0].key, "ann");
  EXPECT_EQ(events[0].content_type, "application/json");
  EXPECT_EQ(events[0].offset.value, 11u);
  EXPECT_EQ(events[1].offset_next.value, 36u);
}

TEST_F(FileFormatsTest, ARestartInCsvStillKnowsTheColumns) {
  config_.format = Format::csv;
  folder_.write("in", "a,b\n1,2\n3,4\n5,6\n");
  EXPECT_THAT(run_event_by_event(),
              ElementsAre(R"({"a":"1","b":"2"})", R"({"a":"3","b":"4"})", R"({"a":"5","b":"6"})"));
}

TEST_F(FileFormatsTest, ARestartFarIntoACsvDoesNotReadItAgain) {
  config_.format = Format::csv;
  std::string text = "n\n";
  while (text.size() < 3'000'000) text += std::to_string(text.size()) + std::string(90, 'x') + '\n';
  folder_.write("in", text);
  const auto events = start(Until::idle)->driver.drain();
  settle({events[events.size() - 2]});
  const auto rest = start(Until::idle)->driver.drain();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].data.view(), events.back().data.view());
  EXPECT_EQ(rest[0].offset, events.back().offset);
}

TEST_F(FileFormatsTest, EachGenerationOfCsvHasAHeaderOfItsOwn) {
  config_.format = Format::csv;
  folder_.write("in", "a\n1\n");
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre(R"({"a":"1"})"));
  folder_.rename("in", "in.1");
  folder_.write("in", "b\n2\n");
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre(R"({"b":"2"})"));
}

TEST_F(FileFormatsTest, ACsvRecordWaitsForItsLastLine) {
  config_.format = Format::csv;
  folder_.write("in", "a\n\"one\n");
  auto life = start(Until::interrupted);
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.append("in", "two\"\n");
  EXPECT_THAT(texts(life->driver.take()), ElementsAre(R"({"a":"one\ntwo"})"));
}

TEST_F(FileFormatsTest, ABadRecordIsAnEventThatSaysWhy) {
  config_.format = Format::csv;
  folder_.write("in", "a,b\n1\n1,2\n");
  const auto events = start(Until::idle)->driver.drain();
  ASSERT_THAT(texts(events), ElementsAre("1", R"({"a":"1","b":"2"})"));
  ASSERT_EQ(events[0].extensions.size(), 1u);
  EXPECT_EQ(events[0].extensions[0].name, "tidemill-refused");
  EXPECT_EQ(events[0].extensions[0].value, "it has 1 fields, and there are 2 columns");
}

TEST_F(FileFormatsTest, ACsvWithoutAUsableHeaderIsForAPerson) {
  config_.format = Format::csv;
  folder_.write("in", "a,a\n1,2\n");
  const Error error = failure();
  EXPECT_EQ(error.fault, Fault::bad_config);
  EXPECT_THAT(error.message, HasSubstr("two columns are called a"));
  EXPECT_THAT(error.message, HasSubstr(folder_ / "in"));
}

TEST_F(FileFormatsTest, ArchivesAreReadAsWhatTheyHold) {
  const std::string text = numbered_lines(60'000);
  for (const char* name : {"in", "a.gz", "b.zst"}) {
    config_.path = {folder_ / name};
    folder_.write(name, std::string_view(name) == "b.zst" ? zstandard(text) : gzipped(text));
    const auto events = start(Until::idle)->driver.drain();
    ASSERT_EQ(events.size(), 60'000u) << name;
    EXPECT_EQ(events.back().data.view(), "line 59999");
    EXPECT_EQ(events.back().offset_next.value, text.size());
  }
}

TEST_F(FileFormatsTest, ARestartInAnArchiveGoesOnBehindWhatWasSettled) {
  for (const bool gzip : {true, false}) {
    progress_ = {};
    data_.remove("files");
    const auto pack = gzip ? gzipped : zstandard;
    folder_.write("in", pack("one\ntwo\n") + pack("three\n") + pack("fo") + pack("ur\n"));
    EXPECT_THAT(run_event_by_event(), ElementsAre("one", "two", "three", "four"));
  }
}

TEST_F(FileFormatsTest, ARestartFarIntoAnArchiveOfCsv) {
  config_.format = Format::csv;
  std::string text = "n\n";
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + '\n';
  folder_.write("in", gzipped(text));
  const auto events = start(Until::idle)->driver.drain();
  ASSERT_EQ(events.size(), 100'000u);
  settle({events[99'996]});
  EXPECT_THAT(run(), ElementsAre(R"({"n":"99997"})", R"({"n":"99998"})", R"({"n":"99999"})"));
}

TEST_F(FileFormatsTest, AnArchiveThatGrowsIsFollowed) {
  folder_.write("in", gzipped("one\n"));
  auto life = start(Until::interrupted);
  EXPECT_THAT(texts(life->driver.poll()), ElementsAre("one"));
  const std::string next = gzipped("two\n");
  folder_.append("in", next.substr(0, 10));
  life->driver.begin_poll();
  EXPECT_FALSE(life->driver.answered());
  folder_.append("in", next.substr(10));
  EXPECT_THAT(texts(life->driver.take()), ElementsAre("two"));
}

TEST_F(FileFormatsTest, AnArchiveThatIsReplacedIsReadAnew) {
  folder_.write("in", gzipped("one\ntwo\n"));
  EXPECT_EQ(run().size(), 2u);
  folder_.write("in", gzipped("new\n"));
  EXPECT_THAT(run(), ElementsAre("new"));
}

TEST_F(FileFormatsTest, ATruncatedArchiveIsForAPersonAfterItsWholeRecords) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i * 7919 % 20'011) + '\n';
  for (const std::string& whole : {gzipped(text), zstandard(text)}) {
    folder_.write("in", whole.substr(0, whole.size() - 9));
    progress_ = {};
    const Error error = failure();
    EXPECT_EQ(error.fault, Fault::bad_config);
    EXPECT_THAT(error.message, HasSubstr("archive is damaged"));
    EXPECT_THAT(error.message, HasSubstr(folder_ / "in"));
    for (std::size_t i = 0; i < read_.size(); ++i)
      ASSERT_EQ(read_[i], std::to_string(i * 7919 % 20'011)) << "no half record";
  }
}

TEST_F(FileFormatsTest, ADamagedArchiveIsForAPerson) {
  std::string archive = gzipped(numbered_lines(10'000));
  archive[archive.size() - 6] ^= 1;  // The checksum.
  folder_.write("in", archive);
  EXPECT_THAT(failure().message, HasSubstr("incorrect data check"));
  EXPECT_EQ(read_.size(), 10'000u);
}

TEST_F(FileFormatsTest, AFileThatIsSaidToBeAnArchiveHasToBeOne) {
  config_.path = {folder_ / "in.gz"};
  folder_.write("in.gz", "plain\n");
  EXPECT_EQ(failure().fault, Fault::bad_config);
  config_.compression = Compression::none;
  EXPECT_THAT(run(), ElementsAre("plain"));
}

TEST_F(FileFormatsTest, NeverDeliversBeyondItsCreditInAnyFormat) {
  config_.format = Format::csv;
  folder_.write("in", gzipped("a\n1\n2\n3\n"));
  auto life = start(Until::idle);
  EXPECT_THAT(life->driver.poll({.events = 9, .bytes = 8}), IsEmpty());
  EXPECT_EQ(life->driver.end(), PollEnd::more);
  EXPECT_EQ(life->driver.poll({.events = 9, .bytes = 18}).size(), 2u);
  EXPECT_THAT(texts(life->driver.poll({.events = 9, .bytes = 1, .alone = true})),
              ElementsAre(R"({"a":"3"})"));
}

}  // namespace
}  // namespace tidemill::file

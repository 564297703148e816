#include "file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>

#include <sys/resource.h>

#include "file.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::file {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tidemill::testing::RecordingLog;
using tidemill::testing::TempFolder;
using tidemill::testing::VirtualScheduler;

class FileSinkTest : public ::testing::Test {
 protected:
  Services services() { return {scheduler_, log_, folder_.path(), false}; }

  std::vector<Result<>> write(FileSink& sink, const std::vector<std::string>& messages) {
    std::vector<Effect> effects;
    for (const auto& message : messages) effects.emplace_back().data = message;
    SinkBatch batch;
    batch.pipeline = "test";
    batch.events = events_;
    batch.effects = effects;
    return scheduler_.run(sink.write(batch));
  }

  TempFolder folder_;
  VirtualScheduler scheduler_;
  RecordingLog log_;
  std::vector<Event> events_{1};
};

TEST_F(FileSinkTest, AppendsALinePerMessage) {
  FileSink sink(folder_ / "deep/out.ndjson", Envelope::none, services());
  ASSERT_TRUE(scheduler_.run(sink.open()));
  EXPECT_THAT(write(sink, {"{\"a\":\n1}", "plain"}), IsEmpty());
  EXPECT_THAT(write(sink, {"2"}), IsEmpty());
  EXPECT_EQ(folder_.read("deep/out.ndjson"), "{\"a\": 1}\n\"plain\"\n2\n");
}

TEST_F(FileSinkTest, AnEnvelopeCarriesTheIdByWhichRepeatsAreKnown) {
  FileSink sink(folder_ / "out", Envelope::cloudevents, services());
  ASSERT_TRUE(scheduler_.run(sink.open()));
  EXPECT_THAT(write(sink, {"1"}), IsEmpty());
  EXPECT_THAT(folder_.read("out"), HasSubstr("\"id\": \"test::/0@0#0\", "));
  EXPECT_THAT(folder_.read("out"), HasSubstr("\"data\": 1}\n"));
}

TEST_F(FileSinkTest, ATornLineIsCutOffAtTheStart) {
  folder_.write("out", "1\n2\n{\"torn\": " + std::string(100'000, 'x'));
  FileSink sink(folder_ / "out", Envelope::none, services());
  ASSERT_TRUE(scheduler_.run(sink.open()));
  EXPECT_TRUE(log_.says("torn line"));
  EXPECT_THAT(write(sink, {"3"}), IsEmpty());
  EXPECT_EQ(folder_.read("out"), "1\n2\n3\n");
}

TEST_F(FileSinkTest, AFileThatIsOneTornLineBecomesEmpty) {
  folder_.write("out", "torn");
  FileSink sink(folder_ / "out", Envelope::none, services());
  ASSERT_TRUE(scheduler_.run(sink.open()));
  EXPECT_EQ(folder_.read("out"), "");
}

TEST_F(FileSinkTest, ASecondSinkOfTheSameFileIsRefused) {
  FileSink one(folder_ / "out", Envelope::none, services());
  FileSink two(folder_ / "out", Envelope::none, services());
  ASSERT_TRUE(scheduler_.run(one.open()));
  const auto refused = scheduler_.run(two.open());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::bad_config);
  scheduler_.run(one.close());
  EXPECT_TRUE(scheduler_.run(two.open()));
}

TEST_F(FileSinkTest, ABatchThatDoesNotFitIsTakenBackAndTriedAgainLater) {
  FileSink sink(folder_ / "out", Envelope::none, services());
  ASSERT_TRUE(scheduler_.run(sink.open()));
  ASSERT_THAT(write(sink, {"1"}), IsEmpty());
  // A limit on the file's size stands for a full disk.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 10;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto results = write(sink, {"\"a longer message\"", "2"});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].error().fault, Fault::transient);
  EXPECT_EQ(folder_.read("out"), "1\n");
  EXPECT_THAT(write(sink, {"2"}), IsEmpty());
  EXPECT_EQ(folder_.read("out"), "1\n2\n");
}

TEST_F(FileSinkTest, RelativePathsLieUnderTheDataFolder) {
  Registry registry;
  register_with(registry);
  const auto& sink = registry.sinks().at("file");
  EXPECT_EQ((*sink.build({{"path", "a/b.ndjson"}}, services()))->place(),
            "file:" + (folder_ / "a/b.ndjson"));
  EXPECT_EQ((*sink.build({{"path", "/abs"}}, services()))->place(), "file:/abs");
  EXPECT_FALSE(sink.build({{"path", "folder/"}}, services()));
}

TEST_F(FileSinkTest, ASourceInAMissingFolderIsRefused) {
  Registry registry;
  register_with(registry);
  const auto& source = registry.sources().at("file");
  EXPECT_TRUE(source.build({{"path", folder_ / "later"}}, services()));
  const auto refused = source.build({{"path", folder_ / "none/later"}}, services());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("does not exist"));
}

}  // namespace
}  // namespace tidemill::file

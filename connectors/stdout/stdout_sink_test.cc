#include "stdout_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "tidemill/posix.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::stdout {
namespace {

using ::testing::IsEmpty;

class StdoutSinkTest : public ::testing::Test {
 protected:
  StdoutSinkTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_ = Descriptor(ends[0]);
    writer_ = Descriptor(ends[1]);
  }

  std::vector<Result<>> write(Format format, const std::vector<std::string>& messages,
                              Envelope envelope = Envelope::none) {
    std::vector<Effect> effects;
    for (const auto& message : messages) effects.emplace_back().data = message;
    SinkBatch batch;
    batch.pipeline = "test";
    batch.events = events_;
    batch.effects = effects;
    StdoutSink sink({format, envelope}, writer_.get(), {scheduler_, log_, "/nowhere", false});
    EXPECT_TRUE(scheduler_.run(sink.open()));
    auto results = scheduler_.run(sink.write(batch));
    scheduler_.run(sink.close());
    return results;
  }

  static std::string read_all(const Descriptor& from) {
    std::string all;
    std::array<char, 4096> block;
    for (ssize_t got; (got = ::read(from.get(), block.data(), block.size())) > 0;)
      all.append(block.data(), static_cast<std::size_t>(got));
    return all;
  }

  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  std::vector<Event> events_{1};
  Descriptor reader_;
  Descriptor writer_;
};

TEST_F(StdoutSinkTest, JsonIsOneLinePerMessage) {
  EXPECT_THAT(write(Format::json, {"{\"a\":\n1}", "plain\ntext"}), IsEmpty());
  writer_ = Descriptor();
  EXPECT_EQ(read_all(reader_), "{\"a\": 1}\n\"plain\\ntext\"\n");
}

TEST_F(StdoutSinkTest, AnEnvelopeCarriesTheIdByWhichRepeatsAreKnown) {
  EXPECT_THAT(write(Format::json, {"1"}, Envelope::cloudevents), IsEmpty());
  writer_ = Descriptor();
  EXPECT_THAT(read_all(reader_), ::testing::HasSubstr("\"id\": \"test::/0@0#0\", "));
}

TEST_F(StdoutSinkTest, TextIsTheMessageAsItIs) {
  EXPECT_THAT(write(Format::text, {"one", "two\nlines", ""}), IsEmpty());
  writer_ = Descriptor();
  EXPECT_EQ(read_all(reader_), "one\ntwo\nlines\n\n");
}

TEST_F(StdoutSinkTest, AReaderThatWentAwayIsTransient) {
  reader_ = Descriptor();
  const auto results = write(Format::text, {"one", "two"});
  ASSERT_EQ(results.size(), 2u);
  ASSERT_FALSE(results[0]);
  EXPECT_EQ(results[0].error().fault, Fault::transient);
}

TEST_F(StdoutSinkTest, ASlowReaderOfANonBlockingPipeGetsAll) {
  ASSERT_EQ(::fcntl(writer_.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string large(1 << 20, 'x');
  std::string got;
  std::thread slow([&] { got = read_all(reader_); });
  EXPECT_THAT(write(Format::text, {large, "end"}), IsEmpty());
  writer_ = Descriptor();
  slow.join();
  EXPECT_EQ(got, large + "\nend\n");
}

}  // namespace
}  // namespace tidemill::stdout

// The archive sink against a real folder.
#include "archive_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "records/decoder.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::bucket {
namespace {

using records::Compression;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Hour some_hour{std::chrono::hours(493'000)};  // 2026-03-29T16:00:00Z

class ArchiveSinkTest : public ::testing::Test {
 protected:
  Services services() { return {scheduler_, log_, folder_ / "data", false}; }

  std::unique_ptr<Sink> make(ArchiveConfig config) {
    auto made = make_archive(std::move(config), services());
    EXPECT_TRUE(made) << made.error().message;
    EXPECT_TRUE(scheduler_.run((*made)->open()));
    return std::move(*made);
  }

  static std::vector<Event> events(const std::vector<std::string>& data) {
    std::vector<Event> all;
    for (const std::string& text : data) {
      Event event;
      event.id = "p:lake:file/0@12#0";
      event.source = "file:/in";
      event.time = EventTime(1'774'800'000'000'000);
      event.data = Bytes::copy(text);
      all.push_back(event);
    }
    return all;
  }

  Result<std::uint64_t> write(StagedSink& sink, const ObjectPlan& plan,
                              const std::vector<std::vector<Event>>& pages) {
    const Result<> begun = scheduler_.run(sink.begin(plan));
    if (!begun) return std::unexpected(begun.error());
    for (const auto& page : pages) {
      const Result<> added = scheduler_.run(sink.add(page));
      if (!added) return std::unexpected(added.error());
    }
    return scheduler_.run(sink.finish());
  }

  // What is in the folder, hidden names and folders left out.
  std::vector<std::string> files(const std::string& root) const {
    std::vector<std::string> all;
    const std::filesystem::path path(folder_ / root);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      const std::string name = entry.path().lexically_relative(path).string();
      if (entry.is_regular_file() && !name.starts_with(".tidemill-staging/")) all.push_back(name);
    }
    return all;
  }
  bool staging_is_empty(const std::string& root) const {
    return std::filesystem::is_empty(folder_ / (root + "/.tidemill-staging"));
  }

  static std::string decoded(std::string_view archive) {
    records::Decoder decoder(Compression::automatic, [&](std::span<char> room) {
      const std::size_t some = std::min(room.size(), archive.size());
      std::copy_n(archive.begin(), some, room.begin());
      archive.remove_prefix(some);
      return Result<std::size_t>(some);
    });
    decoder.end();
    std::string text;
    std::vector<char> room(4096);
    for (auto got = decoder.read(room); got && *got > 0; got = decoder.read(room))
      text.append(room.data(), *got);
    return text;
  }

  testing::TempFolder folder_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
};

TEST_F(ArchiveSinkTest, ObjectsLieByDayAndHourInUtc) {
  const auto sink = make({.url = "local:lake/clicks"});
  EXPECT_EQ(sink->place(), "folder:" + (folder_ / "data/buckets/lake/clicks/"));
  const ObjectPlan plan = sink->staged()->plan(some_hour, "p.lake-0badcafe-000000000001");
  EXPECT_EQ(plan.key, "dt=2026-03-29/hour=16/p.lake-0badcafe-000000000001.ndjson.zst");
  EXPECT_EQ(plan.format, "zstd 0 none");

  ASSERT_TRUE(write(*sink->staged(), plan, {events({R"({"a":1})"}), events({"{\"b\":\n2}"})}));
  EXPECT_THAT(files("data/buckets/lake"), ElementsAre("clicks/" + plan.key));
  const std::string object = folder_.read("data/buckets/lake/clicks/" + plan.key);
  EXPECT_EQ(decoded(object), "{\"a\":1}\n{\"b\": 2}\n");
  EXPECT_TRUE(staging_is_empty("data/buckets/lake"));
}

TEST_F(ArchiveSinkTest, EachCompressionHasItsEnding) {
  for (const auto& [compression, ending, bytes] :
       {std::tuple(Compression::none, ".ndjson", "1\n2\n"),
        std::tuple(Compression::gzip, ".ndjson.gz", "\x1f\x8b"),
        std::tuple(Compression::zstd, ".ndjson.zst", "\x28\xb5\x2f\xfd")}) {
    const auto sink = make({.url = "local:lake", .compression = compression});
    const ObjectPlan plan = sink->staged()->plan(some_hour, "x");
    EXPECT_EQ(plan.key, std::string("dt=2026-03-29/hour=16/x") + ending);
    const auto written = write(*sink->staged(), plan, {events({"1", "2"})});
    ASSERT_TRUE(written);
    const std::string object = folder_.read("data/buckets/lake/" + plan.key);
    EXPECT_EQ(object.size(), *written);
    EXPECT_TRUE(object.starts_with(bytes));
    EXPECT_EQ(decoded(object), "1\n2\n");
  }
}

TEST_F(ArchiveSinkTest, AnObjectIsNotSeenBeforeItIsWhole) {
  const auto sink = make({.url = "local:lake", .compression = Compression::none});
  StagedSink& archive = *sink->staged();
  ASSERT_TRUE(scheduler_.run(archive.begin(archive.plan(some_hour, "x"))));
  ASSERT_TRUE(scheduler_.run(archive.add(events({"1"}))));
  EXPECT_THAT(files("data/buckets/lake"), IsEmpty());
  scheduler_.run(archive.abandon());
  EXPECT_THAT(files("data/buckets/lake"), IsEmpty());
  EXPECT_TRUE(staging_is_empty("data/buckets/lake"));
  scheduler_.run(archive.abandon());  // Of nothing.
}

TEST_F(ArchiveSinkTest, TheSameObjectAgainIsTheSameBytesInPlaceOfTheFirst) {
  const auto sink = make({.url = "local:lake"});
  const ObjectPlan plan = sink->staged()->plan(some_hour, "x");
  std::vector<std::string> many;
  for (int i = 0; i < 50'000; ++i) many.push_back("{\"n\":" + std::to_string(i) + "}");
  ASSERT_TRUE(write(*sink->staged(), plan, {events(many)}));
  const std::string first = folder_.read("data/buckets/lake/" + plan.key);
  const std::vector<std::string> some(many.begin(), many.begin() + 777);
  const std::vector<std::string> rest(many.begin() + 777, many.end());
  ASSERT_TRUE(write(*sink->staged(), plan, {events(some), events(rest)}));
  EXPECT_EQ(folder_.read("data/buckets/lake/" + plan.key), first);
  EXPECT_THAT(files("data/buckets/lake"), SizeIs(1));
}

TEST_F(ArchiveSinkTest, WhatWasPlannedIsMadeAsPlanned) {
  const auto gzip = make({.url = "local:lake", .compression = Compression::gzip, .level = 9});
  const ObjectPlan plan = gzip->staged()->plan(some_hour, "x");
  EXPECT_EQ(plan.format, "gzip 9 none");
  const auto zstd = make({.url = "local:lake", .envelope = Envelope::cloudevents});
  ASSERT_TRUE(write(*zstd->staged(), plan, {events({"1"})}));
  EXPECT_EQ(decoded(folder_.read("data/buckets/lake/" + plan.key)), "1\n");

  for (const char* unknown :
       {"", "zstd", "zstd 3", "brotli 3 none", "zstd x none", "zstd 3 avro"}) {
    const auto begun = scheduler_.run(zstd->staged()->begin({plan.key, unknown}));
    ASSERT_FALSE(begun) << unknown;
    EXPECT_THAT(begun.error().message, HasSubstr("does not know"));
  }
}

TEST_F(ArchiveSinkTest, AnEnvelopeKeepsWhatEventsCameWith) {
  const auto sink = make(
      {.url = "local:lake", .compression = Compression::none, .envelope = Envelope::cloudevents});
  EXPECT_TRUE(sink->staged()->policy().attributes);
  const ObjectPlan plan = sink->staged()->plan(some_hour, "x");
  ASSERT_TRUE(write(*sink->staged(), plan, {events({"{\"a\":1}"})}));
  EXPECT_EQ(folder_.read("data/buckets/lake/" + plan.key),
            "{\"specversion\": \"1.0\", \"id\": \"p:lake:file/0@12#0\", \"source\": \"file:/in\", "
            "\"type\": \"tidemill.message\", \"time\": \"2026-03-29T16:00:00.000000Z\", \"data\": "
            "{\"a\":1}}\n");
}

TEST_F(ArchiveSinkTest, WhatStandsInTheWayIsToldAndGoneLater) {
  const auto sink = make({.url = "local:lake"});
  const ObjectPlan plan = sink->staged()->plan(some_hour, "x");
  folder_.write("data/buckets/lake/dt=2026-03-29", "a file where a folder should be");
  const auto refused = write(*sink->staged(), plan, {events({"1"})});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is no folder"));
  scheduler_.run(sink->staged()->abandon());
  EXPECT_TRUE(staging_is_empty("data/buckets/lake"));

  folder_.remove("data/buckets/lake/dt=2026-03-29");
  EXPECT_TRUE(write(*sink->staged(), plan, {events({"1"})}));
}

TEST_F(ArchiveSinkTest, OptionsThatCannotBeRightAreRefused) {
  for (const auto& [options, reason] :
       {std::pair(ResolvedOptions{{"url", "s3:/lake/x"}}, "s3://BUCKET"),
        std::pair(ResolvedOptions{{"url", "local:lake/../x"}}, "cannot be a file's path"),
        std::pair(ResolvedOptions{{"url", "local:lake/.x"}}, "cannot be a file's path"),
        std::pair(ResolvedOptions{{"url", "local:lake"}, {"compression", "gzip"}, {"level", "10"}},
                  "level goes up to 9"),
        std::pair(ResolvedOptions{{"url", "local:lake"}, {"max_staged", "1048576"}},
                  "at least twice roll.bytes")}) {
    auto config = archive_spec().make(options);
    const auto made = config ? make_archive(*config, services())
                             : Result<std::unique_ptr<Sink>>(std::unexpected(config.error()));
    ASSERT_FALSE(made) << reason;
    EXPECT_EQ(made.error().fault, Fault::bad_config);
    EXPECT_THAT(made.error().message, HasSubstr(reason));
  }
}

}  // namespace
}  // namespace tidemill::bucket

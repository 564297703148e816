// The S3 source against a server in this process: what is news, and when.
#include "s3_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "s3_fixture.h"
#include "tidemill/testing/map_progress.h"
#include "tidemill/testing/source_driver.h"

namespace tidemill::bucket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MapProgress;
using testing::SourceDriver;

std::vector<std::string> keys(const std::vector<Event>& events) {
  std::vector<std::string> keys;
  for (const Event& event : events) keys.emplace_back(event.subject);
  return keys;
}

class S3SourceTest : public S3Test {
 protected:
  std::unique_ptr<S3Source> source(bool until_idle, bool removed = false,
                                   std::vector<std::string> prefixes = {""},
                                   const std::string& name = "photos") {
    S3Feed::Options options{.location = {name, {}},
                            .prefixes = std::move(prefixes),
                            .suffixes = {},
                            .created = true,
                            .removed = removed};
    return std::make_unique<S3Source>(std::move(options), bucket(name), bucket(name),
                                      std::chrono::seconds(10), nullptr, services(until_idle));
  }

  // Settles in the source and in what a restart knows.
  void settle(SourceDriver& driver, const std::vector<Event>& events) {
    for (const Event& event : events) progress_.settle(event);
    driver.settle(events);
  }

  std::vector<Event> one_run(std::vector<std::string> prefixes = {""}) {
    const auto source = this->source(true, false, std::move(prefixes));
    SourceDriver driver(scheduler_, *source);
    const auto opened = driver.open(progress_);
    EXPECT_TRUE(opened) << opened.error().message;
    auto events = driver.drain();
    settle(driver, events);
    return events;
  }

  MapProgress progress_;
};

TEST_F(S3SourceTest, AnEventSaysWhatS3Knows) {
  s3_.write("a b.jpg", "12345");

  const auto events = one_run();

  ASSERT_EQ(events.size(), 1);
  EXPECT_EQ(events[0].subject, "a b.jpg");
  EXPECT_EQ(events[0].object_bytes, 5);
  EXPECT_EQ(events[0].source, "s3://photos/");
  EXPECT_THAT(std::string(events[0].data.view()),
              HasSubstr(R"("bucket":{"name":"photos"},"object":{"key":"a b.jpg","size":5,)"
                        R"("etag":"etag1")"));
  EXPECT_THAT(std::string(events[0].data.view()), HasSubstr(R"("content-type":"image/jpeg")"));
}

TEST_F(S3SourceTest, ManyPagesAreOneListing) {
  s3_.page_keys = 2;
  for (const char* key : {"a", "b", "c", "d", "e"}) s3_.write(key, "x");

  EXPECT_THAT(keys(one_run()), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(S3SourceTest, ARestartHandsOverWhatIsNewOrChanged) {
  for (const char* key : {"a", "b", "c"}) s3_.write(key, "x");
  EXPECT_EQ(one_run().size(), 3);
  EXPECT_THAT(one_run(), IsEmpty());

  s3_.write("b", "y");
  s3_.write("d", "x");

  EXPECT_THAT(keys(one_run()), ElementsAre("b", "d"));
  EXPECT_THAT(one_run(), IsEmpty());
}

TEST_F(S3SourceTest, OnlyItsPrefixesAreListed) {
  for (const char* key : {"a/1", "b/1", "b/2", "c/1"}) s3_.write(key, "x");

  EXPECT_THAT(keys(one_run({"a/", "b/"})), ElementsAre("a/1", "b/1", "b/2"));
  for (const auto& request : s3_.requests()) EXPECT_THAT(request.target, HasSubstr("prefix="));
}

TEST_F(S3SourceTest, WhatCameSinceIsFoundByTheNextListing) {
  s3_.write("a", "x");
  const auto source = this->source(false);
  SourceDriver driver(scheduler_, *source);
  ASSERT_TRUE(driver.open(progress_));
  settle(driver, driver.poll());
  const auto before = scheduler_.now();
  s3_.write("b", "x");

  EXPECT_THAT(keys(driver.poll()), ElementsAre("b"));
  EXPECT_GE(scheduler_.now() - before, std::chrono::seconds(10));
}

TEST_F(S3SourceTest, ANewVersionWaitsUntilTheOlderOneIsSettled) {
  s3_.write("a", "1");
  const auto source = this->source(false);
  SourceDriver driver(scheduler_, *source);
  ASSERT_TRUE(driver.open(progress_));
  const auto first = driver.poll();
  s3_.write("a", "22");
  s3_.write("b", "x");
  EXPECT_THAT(keys(driver.poll()), ElementsAre("b"));

  settle(driver, first);

  const auto second = driver.poll();
  EXPECT_THAT(keys(second), ElementsAre("a"));
  EXPECT_EQ(second[0].object_bytes, 2);
}

TEST_F(S3SourceTest, ARemovalIsReportedOnce) {
  s3_.page_keys = 1;
  s3_.write("a", "x");
  s3_.write("b", "x");
  const auto source = this->source(false, true);
  SourceDriver driver(scheduler_, *source);
  ASSERT_TRUE(driver.open(progress_));
  settle(driver, driver.poll());
  settle(driver, driver.poll());
  s3_.objects.erase("a");

  const auto gone = driver.poll();
  ASSERT_THAT(keys(gone), ElementsAre("a"));
  EXPECT_EQ(gone[0].type, "com.amazonaws.s3.ObjectRemoved:Delete");
  settle(driver, gone);
  s3_.write("c", "x");
  EXPECT_THAT(keys(driver.poll()), ElementsAre("c"));
}

TEST_F(S3SourceTest, ACreditIsNeverExceeded) {
  for (const char* key : {"a", "b", "c"}) s3_.write(key, "0123456789");
  const auto source = this->source(true);
  SourceDriver driver(scheduler_, *source);
  ASSERT_TRUE(driver.open(progress_));

  EXPECT_EQ(driver.poll({.events = 2, .bytes = 1u << 20, .alone = true}).size(), 2);
  EXPECT_THAT(driver.poll({.events = 2, .bytes = 5, .alone = false}), IsEmpty());
  EXPECT_EQ(driver.poll({.events = 2, .bytes = 1u << 20, .alone = false}).size(), 1);
}

TEST_F(S3SourceTest, ObjectsAreReadWhole) {
  s3_.write("a", "content");
  const auto source = this->source(true);
  SourceDriver driver(scheduler_, *source);
  ASSERT_TRUE(driver.open(progress_));
  const auto events = driver.poll();

  EXPECT_EQ(source->read_object(events.at(0), 100)->view(), "content");
}

TEST_F(S3SourceTest, AListingThatFailsGoesOnLater) {
  s3_.page_keys = 1;
  s3_.write("a", "x");
  s3_.write("b", "x");
  const auto source = this->source(true);
  SourceDriver driver(scheduler_, *source);
  ASSERT_TRUE(driver.open(progress_));
  settle(driver, driver.poll());
  s3_.instead = [](const FakeS3::Request&) { return FakeS3::refusal(403, "AccessDenied"); };

  EXPECT_THAT(driver.poll(), IsEmpty());
  ASSERT_FALSE(driver.end());
  EXPECT_EQ(driver.end().error().fault, Fault::transient);
  const auto again = driver.open(progress_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::transient);

  s3_.instead = nullptr;
  ASSERT_TRUE(driver.open(progress_));
  EXPECT_THAT(keys(driver.drain()), ElementsAre("b"));
}

TEST_F(S3SourceTest, ABucketThatIsNotThereIsForAPerson) {
  const auto source = this->source(true, false, {""}, "nowhere");
  SourceDriver driver(scheduler_, *source);

  const auto opened = driver.open(progress_);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
}

TEST_F(S3SourceTest, SeesWhatIsWrittenBelowItsPrefixes) {
  const auto source = this->source(true, false, {"in/"});
  const std::string bucket = "s3:" + s3_.url().substr(7) + "/photos/";

  EXPECT_TRUE(source->sees(bucket));
  EXPECT_TRUE(source->sees(bucket + "in/"));
  EXPECT_TRUE(source->sees(bucket + "in/deeper/"));
  EXPECT_FALSE(source->sees(bucket + "out/"));
  EXPECT_FALSE(source->sees("s3:elsewhere/photos/in/"));
  EXPECT_FALSE(source->sees("folder:/photos/in/"));
}

TEST(S3Prefixes, AreThoseOfTheUrlAndOfTheOptionTogether) {
  EXPECT_THAT(prefixes_to_list("", {}), ElementsAre(""));
  EXPECT_THAT(prefixes_to_list("in/", {}), ElementsAre("in/"));
  EXPECT_THAT(prefixes_to_list("", {"b", "a", "ab"}), ElementsAre("a", "b"));
  EXPECT_THAT(prefixes_to_list("in/", {"in/x", "i"}), ElementsAre("in/"));
  EXPECT_THAT(prefixes_to_list("in/", {"in/x", "out/"}), ElementsAre("in/x"));
  EXPECT_THAT(prefixes_to_list("in/", {"out/"}), IsEmpty());
}

}  // namespace
}  // namespace tidemill::bucket

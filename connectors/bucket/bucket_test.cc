#include "bucket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::bucket {
namespace {

using ::testing::HasSubstr;

class BucketTest : public ::testing::Test {
 protected:
  Services services() { return {scheduler_, log_, folder_ / "data", false}; }

  testing::TempFolder folder_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
  Registry registry_;
};

TEST_F(BucketTest, ALocalBucketLiesInTheDataFolder) {
  const auto found = locate("local:uploads", services());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->root, folder_ / "data/buckets/uploads");
  EXPECT_EQ(found->identity, "local:uploads");
  EXPECT_EQ(found->name, "uploads");
}

TEST_F(BucketTest, AFolderIsNamedByItsPath) {
  const auto found = locate("file:" + (folder_ / "photos/"), services());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->root, folder_ / "photos");
  EXPECT_EQ(found->identity, "file:" + (folder_ / "photos"));
  EXPECT_EQ(found->name, "photos");
}

TEST_F(BucketTest, TwoNamesOfOneFolderHaveOneIdentity) {
  folder_.make_folder("data/buckets/uploads");
  std::filesystem::create_directory_symlink(folder_ / "data/buckets/uploads", folder_ / "link");
  for (const auto& url :
       {"file:" + (folder_ / "data/buckets/uploads"), "file:" + (folder_ / "link"),
        "file://" + (folder_ / "link"), std::string("local:uploads")})
    EXPECT_EQ(locate(url, services())->identity, "local:uploads") << url;
}

TEST_F(BucketTest, WhatIsNoPlaceIsExplained) {
  for (const auto& [url, reason] :
       {std::pair("gs://lake/photos", "s3://BUCKET"), std::pair("local:../x", "1 to 63"),
        std::pair("local:", "1 to 63"), std::pair("local:.x", "1 to 63"),
        std::pair("uploads", "local:NAME or file:PATH"), std::pair("ftp:x", "local:NAME"),
        std::pair("file:relative", "takes the path")}) {
    const auto found = locate(url, services());
    ASSERT_FALSE(found) << url;
    EXPECT_EQ(found.error().fault, Fault::bad_config);
    EXPECT_THAT(found.error().message, HasSubstr(reason));
  }
}

TEST_F(BucketTest, ASourceNeedsItsFolderAndSensibleEvents) {
  register_with(registry_);
  const auto& source = registry_.sources().at("bucket");
  EXPECT_TRUE(source.build({{"url", "local:uploads"}, {"events", "removed"}}, services()));
  const auto missing = source.build({{"url", "file:" + (folder_ / "none")}}, services());
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("does not exist"));
  const auto odd = source.build({{"url", "local:uploads"}, {"events", "renamed"}}, services());
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message, HasSubstr("created and removed"));
}

TEST_F(BucketTest, ASourceSeesWhatTheSinkOfItsFolderWrites) {
  register_with(registry_);
  const auto source = registry_.sources().at("bucket").build({{"url", "local:a"}}, services());
  const auto same = registry_.sinks().at("bucket").build({{"url", "local:a"}}, services());
  const auto other = registry_.sinks().at("bucket").build({{"url", "local:ab"}}, services());
  EXPECT_TRUE((*source)->sees((*same)->place()));
  EXPECT_FALSE((*source)->sees((*other)->place()));
}

}  // namespace
}  // namespace tidemill::bucket

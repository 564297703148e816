// The bucket sink against a real folder.
#include "bucket_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>

#include "object_metadata.h"
#include "tidemill/posix.h"
#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/temp_folder.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::bucket {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tidemill::testing::RecordingLog;
using tidemill::testing::TempFolder;
using tidemill::testing::VirtualScheduler;

class BucketSinkTest : public ::testing::Test {
 protected:
  BucketSinkTest() { EXPECT_TRUE(scheduler_.run(sink_.open())); }

  static Effect put(std::string_view key, std::string_view data) {
    Effect effect;
    effect.kind = EffectKind::put_object;
    effect.key = key;
    effect.data = data;
    return effect;
  }
  static Effect removal(std::string_view key) {
    Effect effect;
    effect.kind = EffectKind::delete_object;
    effect.key = key;
    return effect;
  }

  std::vector<Result<>> write(const std::vector<Effect>& effects) {
    SinkBatch batch;
    batch.pipeline = "test";
    batch.events = events_;
    batch.effects = effects;
    return scheduler_.run(sink_.write(batch));
  }

  bool staging_is_empty() const { return std::filesystem::is_empty(folder_ / staging_folder_); }

  static constexpr std::string_view staging_folder_ = ".tidemill-staging";
  TempFolder folder_;
  VirtualScheduler scheduler_;
  RecordingLog log_;
  std::vector<Event> events_{1};
  BucketSink sink_{{folder_.path(), "out", "local:out", true},
                   {scheduler_, log_, folder_.path(), false}};
};

TEST_F(BucketSinkTest, WritesWholeObjectsAndMakesTheirFolders) {
  EXPECT_THAT(write({put("a.jpg", "one"), put("sub/deep/b.jpg", "two"), put("sub/empty", "")}),
              IsEmpty());
  EXPECT_EQ(folder_.read("a.jpg"), "one");
  EXPECT_EQ(folder_.read("sub/deep/b.jpg"), "two");
  EXPECT_EQ(folder_.read("sub/empty"), "");
  EXPECT_TRUE(staging_is_empty());
}

TEST_F(BucketSinkTest, ARepeatOverwritesWithTheSame) {
  EXPECT_THAT(write({put("a", "one")}), IsEmpty());
  EXPECT_THAT(write({put("a", "one")}), IsEmpty());
  EXPECT_EQ(folder_.read("a"), "one");
}

TEST_F(BucketSinkTest, EffectsOfOneKeyKeepTheirOrder) {
  EXPECT_THAT(write({put("a", "1"), put("a", "2"), removal("b"), put("b", "3"), put("c", "4"),
                     removal("c")}),
              IsEmpty());
  EXPECT_EQ(folder_.read("a"), "2");
  EXPECT_EQ(folder_.read("b"), "3");
  EXPECT_FALSE(folder_.exists("c"));
}

TEST_F(BucketSinkTest, RemovingWhatIsNotThereSucceeds) {
  folder_.write("folder/a", "x");
  EXPECT_THAT(
      write({removal("none"), removal("no/such/folder"), removal("folder"), removal("folder/a/b")}),
      IsEmpty());
  EXPECT_TRUE(folder_.exists("folder/a"));
}

TEST_F(BucketSinkTest, ABadKeyFailsItsEffectOnly) {
  folder_.write("file", "x");
  folder_.make_folder("folder");
  const auto results = write({put("../escape", "x"), put("good", "x"), put("file/below", "x"),
                              put("folder", "x"), put(".tidemill-staging/x", "x")});
  ASSERT_EQ(results.size(), 5u);
  EXPECT_TRUE(results[1]);
  for (const std::size_t i : {0u, 2u, 3u, 4u}) {
    ASSERT_FALSE(results[i]) << i;
    EXPECT_EQ(results[i].error().fault, Fault::bad_event) << results[i].error().message;
  }
  EXPECT_THAT(results[2].error().message, HasSubstr("no folder"));
  EXPECT_THAT(results[3].error().message, HasSubstr("objects below"));
  EXPECT_TRUE(folder_.exists("good"));
  EXPECT_TRUE(staging_is_empty());
}

TEST_F(BucketSinkTest, ASymlinkInTheBucketIsNotFollowed) {
  const TempFolder outside;
  std::filesystem::create_directory_symlink(outside.path(), folder_ / "link");
  const auto results = write({put("link/a", "x")});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_FALSE(results[0]);
  EXPECT_FALSE(outside.exists("a"));
}

TEST_F(BucketSinkTest, ManyEffectsGoThroughInGroups) {
  std::vector<std::string> names;
  for (int i = 0; i < 150; ++i) names.push_back("many/" + std::to_string(i));
  std::vector<Effect> effects;
  for (const auto& name : names) effects.push_back(put(name, name));
  EXPECT_THAT(write(effects), IsEmpty());
  for (const auto& name : names) EXPECT_EQ(folder_.read(name), name);
}

TEST_F(BucketSinkTest, KeepsContentTypeAndMetadata) {
  const std::array metadata{Attribute{"camera", "X100"}, Attribute{"author", "ada"}};
  Effect effect = put("a.bin", "x");
  effect.content_type = "image/webp";
  effect.metadata = metadata;
  EXPECT_THAT(write({effect, put("b.png", "x")}), IsEmpty());
  const Descriptor a(::open((folder_ / "a.bin").c_str(), O_RDONLY));
  const auto kept = read_metadata(a.get(), "a.bin");
  EXPECT_EQ(kept.content_type, "image/webp");
  using Pair = std::pair<std::string, std::string>;
  EXPECT_THAT(kept.named, ::testing::ElementsAre(Pair("author", "ada"), Pair("camera", "X100")));
  const Descriptor b(::open((folder_ / "b.png").c_str(), O_RDONLY));
  EXPECT_EQ(read_metadata(b.get(), "b.png").content_type, "image/png");
}

TEST_F(BucketSinkTest, MetadataLargerThanTheFileSystemHoldsIsABadEvent) {
  const std::string large(1 << 17, 'x');
  const std::array metadata{Attribute{"large", large}};
  Effect effect = put("a", "x");
  effect.metadata = metadata;
  const auto results = write({effect});
  ASSERT_EQ(results.size(), 1u);
  ASSERT_FALSE(results[0]);
  EXPECT_EQ(results[0].error().fault, Fault::bad_event);
  EXPECT_FALSE(folder_.exists("a"));
  EXPECT_TRUE(staging_is_empty());
}

TEST_F(BucketSinkTest, RemovesWhatADeadWriterLeftButNotWhatALivingOneWrites) {
  folder_.write(".tidemill-staging/left", "x");
  folder_.write(".tidemill-staging/living", "x");
  const Descriptor living(::open((folder_ / ".tidemill-staging/living").c_str(), O_WRONLY));
  ASSERT_EQ(::flock(living.get(), LOCK_EX), 0);
  EXPECT_TRUE(scheduler_.run(sink_.open()));
  EXPECT_FALSE(folder_.exists(".tidemill-staging/left"));
  EXPECT_TRUE(folder_.exists(".tidemill-staging/living"));
}

TEST_F(BucketSinkTest, AFolderThatVanishedIsTransientAndHealsWhenItIsBack) {
  folder_.remove("");
  const auto results = write({put("a", "x"), put("b", "x")});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].error().fault, Fault::transient);
  folder_.make_folder("");
  EXPECT_THAT(write({put("a", "x")}), IsEmpty());
}

}  // namespace
}  // namespace tidemill::bucket

// Folders that earlier engines wrote, opened by this one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "contents.h"
#include "contents_1_1.h"
#include "contents_1_2.h"
#include "contents_1_3.h"
#include "contents_1_4.h"
#include "contents_2_0.h"
#include "core/state/rocks_store.h"

namespace tidemill::golden {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

// A copy, because opening a folder changes it.
class GoldenFolder {
 public:
  explicit GoldenFolder(const std::string& format)
      : path_(fs::temp_directory_path() /
              ("tidemill-golden-" + format + "-" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::copy(fs::path(TIDEMILL_SOURCE_DIR) / "tests/data/golden" / format, path_,
             fs::copy_options::recursive);
  }
  ~GoldenFolder() { fs::remove_all(path_); }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(GoldenFolder, OfFormat10HoldsWhatWasWritten) {
  const GoldenFolder folder("1.0");
  expect_contents(folder.path());
}

TEST(GoldenFolder, OfFormat11HoldsWhatWasWritten) {
  const GoldenFolder folder("1.1");
  expect_contents_1_1(folder.path());
}

TEST(GoldenFolder, OfFormat12HoldsWhatWasWritten) {
  const GoldenFolder folder("1.2");
  expect_contents_1_2(folder.path());
}

TEST(GoldenFolder, OfFormat13HoldsWhatWasWritten) {
  const GoldenFolder folder("1.3");
  expect_contents_1_3(folder.path());
}

TEST(GoldenFolder, OfFormat14HoldsWhatWasWritten) {
  const GoldenFolder folder("1.4");
  expect_contents_1_4(folder.path());
}

TEST(GoldenFolder, OfFormat20HoldsWhatWasWritten) {
  const GoldenFolder folder("2.0");
  expect_contents_2_0(folder.path());
}

// What was moved when it was first opened is there at the second time as well.
TEST(GoldenFolder, OfFormat12IsOfThisFormatFromThenOn) {
  const GoldenFolder folder("1.2");
  {
    ASSERT_TRUE(RocksStore::open(folder.path(), {.engine_id = "e"}));
  }
  expect_contents_1_2(folder.path());
}

TEST(GoldenFolder, OfFormat30IsRefusedByName) {
  const GoldenFolder folder("3.0");
  const auto opened = RocksStore::open(folder.path(), {.engine_id = "e"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::bad_config);
  EXPECT_THAT(opened.error().message, HasSubstr("has format 3.0, this engine reads up to 2.x"));
}

// The folder in the repository is not the only proof that writing and reading agree.
TEST(GoldenFolder, WrittenTodayHoldsTheSame) {
  const fs::path path =
      fs::temp_directory_path() / ("tidemill-golden-new-" + std::to_string(::getpid()));
  fs::remove_all(path);
  write(path);
  expect_contents(path);
  fs::remove_all(path);
  write_1_1(path);
  expect_contents_1_1(path);
  fs::remove_all(path);
  write_1_2(path);
  expect_contents_1_2(path);
  fs::remove_all(path);
  write_1_3(path);
  expect_contents_1_3(path);
  fs::remove_all(path);
}

}  // namespace
}  // namespace tidemill::golden

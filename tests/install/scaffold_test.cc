#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "app/scaffold.h"

namespace tidemill::app {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Scaffold : public testing::Test {
 protected:
  Scaffold() {
    std::string pattern = testing::TempDir() + "tidemill.XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~Scaffold() override { fs::remove_all(folder_); }

  std::string text(const std::string& file) const {
    std::ostringstream all;
    all << std::ifstream(folder_ / file).rdbuf();
    return all.str();
  }
  std::string error(std::string_view name) const {
    const auto made = scaffold_function(name, folder_);
    return made ? "made" : made.error().message;
  }

  fs::path folder_;
};

TEST_F(Scaffold, WritesAWholeFolder) {
  ASSERT_TRUE(scaffold_function("word_count2", folder_ / "deeper"));
  for (const auto* file :
       {"CMakeLists.txt", "word_count2.cc", "pipeline.yaml", "README.md", ".gitignore"})
    EXPECT_THAT(text("deeper/word_count2/" + std::string(file)), Not(HasSubstr("@"))) << file;
  EXPECT_THAT(text("deeper/word_count2/word_count2.cc"),
              HasSubstr("TIDEMILL_FUNCTION(WordCount2Function)"));
  EXPECT_THAT(text("deeper/word_count2/pipeline.yaml"),
              HasSubstr("native: ./build/word_count2.so"));
}

TEST_F(Scaffold, TouchesNothingThatExists) {
  ASSERT_TRUE(scaffold_function("hello", folder_));
  std::ofstream(folder_ / "hello/hello.cc") << "mine";
  EXPECT_EQ(error("hello"),
            (folder_ / "hello").string() + " exists already; choose another name or remove it");
  EXPECT_EQ(text("hello/hello.cc"), "mine");
}

TEST_F(Scaffold, RefusesNamesThatCannotBeFilesTargetsAndClasses) {
  for (const auto* name : {"", "Hello", "2fast", "a-b", "../up", "a/b", "_a", "a b"})
    EXPECT_THAT(error(name), HasSubstr("use lower case letters, digits and underscores")) << name;
  EXPECT_THAT(error(std::string(65, 'a')), HasSubstr("at most 64 characters"));
  EXPECT_THAT(error("test"), HasSubstr("CMake keeps it"));
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(Scaffold, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(folder_ / "file") << "x";
  const auto made = scaffold_function("hello", folder_ / "file");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("cannot be made: "));
}

}  // namespace
}  // namespace tidemill::app

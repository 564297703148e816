#include "core/invoke/plugin_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/invoke/catalog.h"
#include "core/invoke/testing/test_plugins.h"

namespace tidemill {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

/// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = testing::TempDir() + "tidemill.XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const fs::path& path() const { return path_; }
  std::string put(const fs::path& name) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << "x";
    return (path_ / name).string();
  }

 private:
  fs::path path_;
};

TEST(PluginPath, LooksIntoTheEnvironmentFirstThenBesideTheExecutable) {
  const auto path = PluginPath::standard("/a::/b/../b", "/opt/tidemill/bin/tidemill");
  ASSERT_GE(path.folders().size(), 4u);
  EXPECT_EQ(path.folders()[0], "/a");
  EXPECT_EQ(path.folders()[1], "/b");
  EXPECT_EQ(path.folders()[2], "/opt/tidemill/bin/plugins");
  EXPECT_EQ(path.folders().back(), "/opt/tidemill/lib/tidemill/plugins");
}

TEST(PluginPath, TheFirstFolderThatHasTheNameWins) {
  const Folder folder;
  const auto first = folder.put("1/hello.so");
  folder.put("2/hello.so");
  const auto other = folder.put("2/other.so");
  const PluginPath path({folder.path() / "missing", folder.path() / "1", folder.path() / "2"});
  EXPECT_EQ(*path.find("hello", "/"), first);
  EXPECT_EQ(*path.find("other", "/"), other);
  EXPECT_THAT(path.all(), ElementsAre(first, other));
}

TEST(PluginPath, TheFolderOfThePipelineFileIsSearchedLast) {
  const Folder folder;
  const auto own = folder.put("own.so");
  EXPECT_EQ(*PluginPath({"/nowhere"}).find("own", folder.path()), own);
}

TEST(PluginPath, APathStartsAtThePipelineFile) {
  const Folder folder;
  const auto file = folder.put("build/hello.so");
  const PluginPath path({});
  EXPECT_EQ(*path.find("./build/hello.so", folder.path()), file);
  EXPECT_EQ(*path.find("hello.so", folder.path() / "build"), file);
  EXPECT_EQ(*path.find(file, "/elsewhere"), file);
  EXPECT_EQ(path.find("build/nothing.so", folder.path()).error().message,
            "there is no plugin at " + (folder.path() / "build/nothing.so").string());
}

TEST(PluginPath, AnUnknownNameListsWhereItWasLookedFor) {
  const auto found = PluginPath({"/a", "/b"}).find("hello", "/c");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message,
            "there is no plugin 'hello': no hello.so in /a, /b, /c; add its folder to "
            "TIDEMILL_PLUGIN_PATH or write the path to its .so");
}

TEST(PluginCatalog, LoadsEachFileOnceAndListsThePath) {
  PluginCatalog catalog(PluginPath({test_plugins()}));
  const auto by_name = catalog.plugin("good", "/");
  const auto by_path = catalog.plugin("good.so", test_plugins());
  ASSERT_TRUE(by_name && by_path);
  EXPECT_EQ(*by_name, *by_path);
  EXPECT_EQ((*catalog.find("plain", "/"))->name, "plain");
  EXPECT_THAT(catalog.names(), testing::IsSupersetOf({"good", "plain", "rogue"}));
}

TEST(PluginCatalog, AnErrorStaysTheSame) {
  PluginCatalog catalog(PluginPath({test_plugins()}));
  const auto once = catalog.find("wrong_major", "/");
  const auto twice = catalog.find("wrong_major", "/");
  ASSERT_FALSE(once);
  EXPECT_EQ(once.error().message, twice.error().message);
  EXPECT_FALSE(catalog.find("absent", "/"));
}

}  // namespace
}  // namespace tidemill

#include "core/invoke/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/invoke/catalog.h"
#include "core/invoke/fingerprint.h"
#include "core/invoke/plugin_path.h"

namespace tidemill {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const std::string plugins = TEST_PLUGINS;

std::string load_error(const std::string& file) {
  const auto loaded = Plugin::load(plugins + "/" + file);
  if (loaded) return "loaded";
  EXPECT_EQ(loaded.error().fault, Fault::bad_config);
  return loaded.error().message;
}

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

TEST(Plugin, TellsWhatItsAuthorDeclared) {
  const auto plugin = Plugin::load(plugins + "/good.so");
  ASSERT_TRUE(plugin) << plugin.error().message;
  const auto& decl = (*plugin)->decl();
  EXPECT_EQ(decl.name, "good");
  EXPECT_EQ(decl.summary, "Obeys its events.");
  EXPECT_THAT(decl.flags, ElementsAre("deterministic"));
  ASSERT_EQ(decl.outputs.size(), 3u);
  EXPECT_EQ(decl.outputs[1].name, "files");
  EXPECT_EQ(decl.outputs[1].kind, config::OutputKind::objects);
  EXPECT_EQ(decl.outputs[2].doc, "Messages.");
  ASSERT_EQ(decl.options.size(), 4u);
  EXPECT_EQ(decl.options[0].default_value, "row/");
  EXPECT_EQ(decl.options[1].type, OptionType::integer);
  EXPECT_EQ(decl.options[1].min, 1.0);
  EXPECT_EQ(decl.options[1].max, 4096.0);
  EXPECT_TRUE(decl.options[2].list);
  EXPECT_THAT(decl.options[3].choices, ElementsAre("calm", "loud"));
}

TEST(Plugin, InPlainCIsAsGoodAsAnyOther) {
  const auto plugin = Plugin::load(plugins + "/plain.so");
  ASSERT_TRUE(plugin) << plugin.error().message;
  EXPECT_EQ((*plugin)->decl().name, "plain");
  EXPECT_THAT((*plugin)->decl().flags, ElementsAre("non_blocking", "thread_safe"));
  EXPECT_TRUE((*plugin)->decl().options.empty());
}

TEST(Plugin, AMissingFileIsNamed) {
  EXPECT_EQ(load_error("nowhere.so"), plugins + "/nowhere.so does not exist");
  EXPECT_EQ(load_error("../testdata"), plugins + " is not a file");
}

TEST(Plugin, ATextFileIsNoSharedObject) {
  EXPECT_THAT(load_error("text.so"),
              AllOf(StartsWith(plugins + "/text.so cannot be loaded as a shared object: "),
                    HasSubstr("file too short")));
}

TEST(Plugin, ASharedObjectWithoutTheEntryIsToldHowToBecomeOne) {
  EXPECT_THAT(load_error("no_entry.so"),
              EndsWith("is not a Tidemill function: it exports no tidemill_function_entry; build "
                       "it with tidemill_add_function()"));
}

TEST(Plugin, AnotherMajorVersionIsNamedInTheError) {
  EXPECT_THAT(load_error("wrong_major.so"),
              EndsWith("was built for ABI 2.3, this engine speaks 1.0; rebuild it against this "
                       "version"));
}

TEST(Plugin, ANewerMinorVersionIsRefusedToo) {
  EXPECT_THAT(load_error("newer_minor.so"), HasSubstr("was built for ABI 1.1"));
}

TEST(Plugin, AThrowingEntryDoesNotTakeTheEngineDown) {
  EXPECT_THAT(load_error("throwing_entry.so"),
              EndsWith("failed while it declared its function: no licence found"));
}

class PluginTable : public testing::Test {
 protected:
  PluginTable() : plugin_(*Plugin::load(plugins + "/good.so")), table_(plugin_->table()) {
    outputs_.assign(table_.outputs, table_.outputs + table_.output_count);
    options_.assign(table_.options, table_.options + table_.option_count);
    table_.outputs = outputs_.data();
    table_.options = options_.data();
  }
  std::string error() const {
    const auto decl = Plugin::declaration(table_, "x.so");
    return decl ? "fine" : decl.error().message;
  }

  std::shared_ptr<const Plugin> plugin_;
  tidemill_function table_;
  std::vector<tidemill_output> outputs_;
  std::vector<tidemill_option> options_;
};

TEST_F(PluginTable, MustBeWhole) {
  EXPECT_EQ(error(), "fine");
  table_.size = 40;
  EXPECT_THAT(error(), HasSubstr("a function table of 40 bytes"));
  table_.size = 3;
  EXPECT_EQ(error(), "x.so answered with a malformed function table");
}

TEST_F(PluginTable, MustHaveEveryFunctionButCancel) {
  table_.cancel = nullptr;
  EXPECT_EQ(error(), "fine");
  table_.free_response = nullptr;
  EXPECT_EQ(error(), "x.so has no free_response() in its function table");
  table_.handle = nullptr;
  EXPECT_EQ(error(), "x.so has no handle() in its function table");
}

TEST_F(PluginTable, MayHaveLargerElementsThanThisEngineKnows) {
  struct Later {
    tidemill_output known;
    std::uint64_t unknown = ~0ull;
  };
  std::vector<Later> later;
  for (auto output : outputs_) later.push_back({output});
  table_.outputs = &later[0].known;
  table_.output_stride = sizeof(Later);
  const auto decl = Plugin::declaration(table_, "x.so");
  ASSERT_TRUE(decl);
  EXPECT_EQ(decl->outputs[2].name, "notes");
}

TEST_F(PluginTable, WithNonsenseInItIsRefused) {
  outputs_[1].kind = 9;
  EXPECT_EQ(error(), "x.so declares output 'files' of the unknown kind 9");
  outputs_[1] = outputs_[0];
  EXPECT_EQ(error(), "x.so declares the output 'rows' twice");
  outputs_[1].name = {};
  EXPECT_EQ(error(), "x.so declares an output without a name");
  table_.outputs = nullptr;
  EXPECT_EQ(error(), "x.so declares its outputs in a malformed array");
  table_.output_count = 0;
  options_[0].type = 77;
  EXPECT_EQ(error(), "x.so declares option 'prefix' of the unknown type 77");
  options_[0].type = 1;
  options_[0].choice_count = 2;
  EXPECT_EQ(error(), "x.so declares option 'prefix' with missing choices");
  options_[0].name = {};
  EXPECT_EQ(error(), "x.so declares an option without a name");
  table_.option_stride = 8;
  EXPECT_EQ(error(), "x.so declares its options in a malformed array");
  table_.name = {};
  EXPECT_EQ(error(), "x.so declares a function without a name");
}

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
  PluginCatalog catalog(PluginPath({plugins}));
  const auto by_name = catalog.plugin("good", "/");
  const auto by_path = catalog.plugin("good.so", plugins);
  ASSERT_TRUE(by_name && by_path);
  EXPECT_EQ(*by_name, *by_path);
  EXPECT_EQ((*catalog.find("plain", "/"))->name, "plain");
  EXPECT_THAT(catalog.names(), testing::IsSupersetOf({"good", "plain", "rogue"}));
}

TEST(PluginCatalog, AnErrorStaysTheSame) {
  PluginCatalog catalog(PluginPath({plugins}));
  const auto once = catalog.find("wrong_major", "/");
  const auto twice = catalog.find("wrong_major", "/");
  ASSERT_FALSE(once);
  EXPECT_EQ(once.error().message, twice.error().message);
  EXPECT_FALSE(catalog.find("absent", "/"));
}

TEST(Fingerprint, ChangesWithTheBinaryAndWithTheConfiguration) {
  const auto good = *fingerprint_of_file(plugins + "/good.so");
  const auto plain = *fingerprint_of_file(plugins + "/plain.so");
  EXPECT_EQ(good.size(), 32u);
  EXPECT_NE(good, plain);
  EXPECT_NE(fingerprint_of(good, {{"a", "1"}}), fingerprint_of(good, {{"a", "2"}}));
  EXPECT_NE(fingerprint_of(good, {{"a", "1"}, {"b", ""}}), fingerprint_of(good, {{"a", "1b"}}));
  EXPECT_FALSE(fingerprint_of_file("/nowhere"));
}

TEST(Fingerprint, IsFrozen) {
  EXPECT_EQ(fingerprint_of("", {}), "99aa06d3014798d86001c324468d497f");
}

TEST(Fingerprint, DoesNotDependOnTheOrderOfOptionsButOnThatOfAList) {
  EXPECT_EQ(fingerprint_of("x", {{"b", "2"}, {"a", "1"}}),
            fingerprint_of("x", {{"a", "1"}, {"b", "2"}}));
  EXPECT_NE(fingerprint_of("x", {{"a", "2"}, {"a", "1"}}),
            fingerprint_of("x", {{"a", "1"}, {"a", "2"}}));
}

}  // namespace
}  // namespace tidemill

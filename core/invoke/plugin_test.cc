#include "core/invoke/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/invoke/testing/test_plugins.h"

namespace tidemill {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const std::string plugins = test_plugins();

std::string load_error(const std::string& file) {
  const auto loaded = Plugin::load(plugins + "/" + file);
  if (loaded) return "loaded";
  EXPECT_EQ(loaded.error().fault, Fault::bad_config);
  return loaded.error().message;
}

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
              EndsWith("was built for ABI 2.3, this engine speaks 1.1; rebuild it against this "
                       "version"));
}

TEST(Plugin, ANewerMinorVersionIsRefusedToo) {
  EXPECT_THAT(load_error("newer_minor.so"), HasSubstr("was built for ABI 1.2"));
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

}  // namespace
}  // namespace tidemill

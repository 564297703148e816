// Any text at all gives a tree or a located problem: walks the cases of the YAML test suite, those
// that are copied into tests/data/yaml and, where ../shared/data holds the suite, all of them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "core/config/testing/fakes.h"

namespace tidemill::config {
namespace {

namespace fs = std::filesystem;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// The suite makes white space visible.
std::string plain(std::string text) {
  for (const auto* dashes : {"————»", "———»", "——»", "—»", "»"}) replace_all(text, dashes, "\t");
  replace_all(text, "␣", " ");
  replace_all(text, "↵", "");
  replace_all(text, "∎\n", "");
  replace_all(text, "⇔", "\xEF\xBB\xBF");
  return text;
}

struct Count {
  int cases = 0;
  int refused = 0;
};

// Parses one case, loads it as a file, and loads it in the middle of one.
void run_case(const std::string& name, const std::string& text, Count& count) {
  Problems problems;
  const auto node = parse_yaml(text, name, problems);
  ++count.cases;
  if (!problems.empty()) ++count.refused;
  EXPECT_TRUE(node || !problems.empty()) << name;
  for (const auto& problem : problems.errors()) {
    EXPECT_EQ(problem.where.file, name);
    EXPECT_GE(problem.where.line, 1) << to_string(problem);
    EXPECT_GE(problem.where.column, 1) << to_string(problem);
  }
  testing::Desk desk;
  EXPECT_FALSE(desk.load(text).problems.empty()) << name;
  std::string indented = "  " + text;
  replace_all(indented, "\n", "\n  ");
  EXPECT_FALSE(desk.load("pipelines:\n" + indented).problems.empty()) << name;
}

Count run_folder(const fs::path& folder) {
  Count count;
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() != ".yaml") continue;
    Problems problems;
    const auto cases = read_yaml(file.path().string(), problems);
    EXPECT_TRUE(cases) << file.path();
    if (!cases) continue;
    for (const auto& each : cases->children)
      if (const Node* text = each.find("yaml"))
        run_case(file.path().filename().string(), plain(text->text), count);
  }
  return count;
}

TEST(YamlSuite, EveryCopiedCaseGivesATreeOrALocatedProblem) {
  const auto count = run_folder(fs::path(TIDEMILL_SOURCE_DIR) / "tests/data/yaml");
  EXPECT_GE(count.cases, 12);
  EXPECT_GE(count.refused, 4);
}

// The whole suite is large: it is run where it lies beside the project, and is no test elsewhere.
std::vector<fs::path> whole_suites() {
  const fs::path beside =
      fs::path(TIDEMILL_SOURCE_DIR).parent_path() / "shared/data/yaml/yaml-test-suite";
  if (fs::is_directory(beside)) return {beside};
  return {};
}

class WholeYamlSuite : public ::testing::TestWithParam<fs::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WholeYamlSuite);
INSTANTIATE_TEST_SUITE_P(BesideTheProject, WholeYamlSuite, ::testing::ValuesIn(whole_suites()));

TEST_P(WholeYamlSuite, EveryCaseGivesATreeOrALocatedProblem) {
  const auto count = run_folder(GetParam());
  RecordProperty("cases", count.cases);
  RecordProperty("refused", count.refused);
  EXPECT_GE(count.cases, 150);
}

}  // namespace
}  // namespace tidemill::config

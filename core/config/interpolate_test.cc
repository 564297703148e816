#include "core/config/interpolate.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace tidemill::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::optional<std::string> variables(std::string_view name) {
  if (name == "HOST") return "kafka";
  if (name == "EMPTY") return "";
  if (name == "YAML") return "{a: [1, 2]}\nb: ${HOST}";
  return std::nullopt;
}

struct Replaced {
  std::string text;
  std::vector<std::string> problems;
};

Replaced replace(const std::string& text, const std::string& file = "/etc/f.yaml") {
  Node node;
  node.kind = NodeKind::scalar;
  node.text = node.written = text;
  node.where = {file, 3, 7};
  Problems problems;
  interpolate(node, variables, problems);
  Replaced replaced{node.text, {}};
  for (const auto& problem : problems.errors()) replaced.problems.push_back(to_string(problem));
  return replaced;
}

TEST(Interpolate, ReplacesVariablesWhereverTheyStand) {
  EXPECT_EQ(replace("${HOST}:9092").text, "kafka:9092");
  EXPECT_EQ(replace("a${HOST}b${HOST}c").text, "akafkabkafkac");
  EXPECT_EQ(replace("no variables, 5$ and $HOST").text, "no variables, 5$ and $HOST");
}

TEST(Interpolate, DefaultsApplyToUnsetAndEmpty) {
  EXPECT_EQ(replace("${NOPE:-x y}").text, "x y");
  EXPECT_EQ(replace("${EMPTY:-x}").text, "x");
  EXPECT_EQ(replace("${HOST:-x}").text, "kafka");
  EXPECT_EQ(replace("${EMPTY}").text, "");
  EXPECT_EQ(replace("${NOPE:-}").text, "");
}

TEST(Interpolate, ADoubledDollarIsALiteral) {
  EXPECT_EQ(replace("$${HOST} ${HOST}").text, "${HOST} kafka");
}

TEST(Interpolate, AValueIsNeverReadAgain) {
  EXPECT_EQ(replace("${YAML}").text, "{a: [1, 2]}\nb: ${HOST}");
}

TEST(Interpolate, AnUnsetVariableIsLocated) {
  EXPECT_THAT(replace("${NOPE}").problems,
              ElementsAre("/etc/f.yaml:3:7: error: the environment variable NOPE is not set; set "
                          "it, or give a default: ${NOPE:-default}"));
  EXPECT_THAT(replace("${NOPE:?ask the operator}").problems,
              ElementsAre(HasSubstr("NOPE is not set; ask the operator")));
  EXPECT_THAT(replace("${EMPTY:?it is needed}").problems, ElementsAre(HasSubstr("it is needed")));
}

TEST(Interpolate, WhatIsNoVariableIsLocated) {
  EXPECT_THAT(replace("${HOST").problems, ElementsAre(HasSubstr("${ is never closed")));
  for (const auto* text : {"${}", "${1A}", "${A B}", "${HOST:+x}", "${-}"})
    EXPECT_THAT(replace(text).problems, ElementsAre(HasSubstr("is not a variable"))) << text;
}

TEST(Interpolate, FilesAreReadBesideTheConfigWithoutTheirLastLineEnd) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "interpolate";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "secret.txt") << "s3cr3t\n";
  std::ofstream(folder / "large.txt") << std::string(interpolated_file_bytes_max + 1, 'x');
  const auto config = (folder / "f.yaml").string();
  EXPECT_EQ(replace("${file:secret.txt}", config).text, "s3cr3t");
  EXPECT_THAT(replace("${file:large.txt}", config).problems,
              ElementsAre(HasSubstr("is larger than 65536 bytes")));
  EXPECT_THAT(replace("${file:nope.txt}", config).problems,
              ElementsAre(HasSubstr("does not exist; correct the path")));
}

TEST(Interpolate, KeepsWhatWasWrittenForMessages) {
  Problems problems;
  auto node = parse_yaml("a: ${HOST}", "f.yaml", problems);
  interpolate(*node, variables, problems);
  EXPECT_EQ(node->find("a")->text, "kafka");
  EXPECT_EQ(node->find("a")->written, "${HOST}");
  EXPECT_THAT(problems.errors(), IsEmpty());
}

}  // namespace
}  // namespace tidemill::config

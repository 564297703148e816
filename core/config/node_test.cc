#include "core/config/node.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidemill::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> lines(const Problems& problems) {
  std::vector<std::string> texts;
  for (const auto& problem : problems.errors()) texts.push_back(to_string(problem));
  return texts;
}

std::vector<std::string> problems_of(std::string_view text, YamlLimits limits = {}) {
  Problems problems;
  std::ignore = parse_yaml(text, "f.yaml", problems, limits);
  return lines(problems);
}

Node parsed(std::string_view text) {
  Problems problems;
  auto node = parse_yaml(text, "f.yaml", problems);
  EXPECT_THAT(lines(problems), IsEmpty());
  return node.value_or(Node{});
}

TEST(Node, RemembersWhereKeysAndValuesStand) {
  const Node root = parsed("a: 1\nb:\n  c: [x, y]\n");
  EXPECT_EQ(root.find("a")->where, (Mark{"f.yaml", 1, 4}));
  EXPECT_EQ(root.find("b")->key_where, (Mark{"f.yaml", 2, 1}));
  EXPECT_EQ(root.find("b")->find("c")->children[1].where, (Mark{"f.yaml", 3, 10}));
}

TEST(Node, ScalarsKeepTheirSpelling) {
  const Node root = parsed("[on, 010, 1.10, \"16\", '']");
  std::vector<std::string> texts;
  for (const auto& item : root.children) texts.push_back(item.text);
  EXPECT_THAT(texts, ElementsAre("on", "010", "1.10", "16", ""));
  EXPECT_FALSE(root.children[1].quoted);
  EXPECT_TRUE(root.children[3].quoted);
  EXPECT_TRUE(root.children[4].is_scalar());
}

TEST(Node, AnEmptyFileIsNothing) {
  EXPECT_TRUE(parsed("").is_null());
  EXPECT_TRUE(parsed("# only a comment\n").is_null());
  EXPECT_TRUE(parsed("---\n...\n").is_null());
}

TEST(Node, ADuplicateKeyNamesBothPlaces) {
  EXPECT_THAT(problems_of("a: 1\nb: 2\na: 3\n"),
              ElementsAre("f.yaml:3:1: error: key 'a' stands here twice; the first is at line 1, "
                          "column 1"));
}

TEST(Node, MergeKeysApplyAndOwnKeysWin) {
  const Node root = parsed(
      "base: &base {x: 1, y: 2}\nmore: &more {y: 3, z: 4}\nuse:\n  <<: [*base, *more]\n  x: 9\n");
  const Node* use = root.find("use");
  EXPECT_EQ(use->find("x")->text, "9");
  EXPECT_EQ(use->find("y")->text, "2");
  EXPECT_EQ(use->find("z")->text, "4");
  EXPECT_EQ(use->find("<<"), nullptr);
  EXPECT_EQ(use->find("z")->where, (Mark{"f.yaml", 2, 23}));
}

TEST(Node, AMergeKeyTakesMappingsOnly) {
  EXPECT_THAT(problems_of("a: &a [1]\nb: {<<: *a}\n"),
              ElementsAre("f.yaml:2:5: error: <<: expected a mapping or a list of mappings; write "
                          "`<<: *anchor`"));
}

TEST(Node, ABillionLaughsAreRefused) {
  std::string text = "a0: &a0 lol\n";
  for (int i = 1; i < 30; ++i) {
    const auto one = fmt::format("*a{}", i - 1);
    text += fmt::format("a{}: &a{} [{}, {}, {}, {}]\n", i, i, one, one, one, one);
  }
  EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("the file holds more than 50000 values")));
}

TEST(Node, AnAliasInsideItsOwnValueIsRefused) {
  EXPECT_THAT(
      problems_of("a: &a [1, *a]\n"),
      ElementsAre(HasSubstr("1:11: error: this alias refers to the value that it stands in")));
}

TEST(Node, DepthAndBytesHaveLimits) {
  EXPECT_THAT(problems_of(std::string(1000, '[')),
              ElementsAre(HasSubstr("f.yaml:1:33: error: values are nested deeper than 64")));
  EXPECT_THAT(problems_of("a: b", {.bytes = 3}),
              ElementsAre("f.yaml: error: the file is larger than 3 bytes; split it"));
}

TEST(Node, NestedAliasesCountTowardsDepth) {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 80; ++i) text += fmt::format("a{}: &a{} [*a{}]\n", i, i, i - 1);
  EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("nested deeper than 64")));
}

TEST(Node, BrokenSyntaxIsLocated) {
  for (const auto* text : {"a: [1, 2\nb: 3\n", "a: b: c\n", "\ta: 1\n", "a: *nope\n", "a: \"x\n",
                           "a: }\n", "- 1\nb: 2\n", "%YAML 9.9\n---\na\n"})
    EXPECT_THAT(problems_of(text), ElementsAre(HasSubstr("f.yaml:"))) << text;
}

TEST(Node, AQuoteThatIsNeverClosedIsFoundWhereItOpens) {
  for (const auto* text : {"a: 1\nb: \"x\nc: 2\n", "a: 1\nb: 'x\nc: 2\n\n"})
    EXPECT_THAT(problems_of(text),
                ElementsAre("f.yaml:2:4: error: this quote is never closed; close it"));
  EXPECT_THAT(problems_of("a: \"x\"\n"), IsEmpty());
  EXPECT_THAT(problems_of("a: \"x\ny\"\n\n"), IsEmpty());
}

TEST(Node, ASecondDocumentIsRefused) {
  EXPECT_THAT(problems_of("a: 1\n---\nb: 2\n"),
              ElementsAre(HasSubstr("error: the file holds a second document")));
}

TEST(Node, KeysAreTextAndTagsMeanNothing) {
  EXPECT_THAT(problems_of("? [a]\n: 1\n"),
              ElementsAre(HasSubstr("1:3: error: a key must be text")));
  EXPECT_THAT(problems_of("a: !include b.yaml\n"),
              ElementsAre(HasSubstr("1:4: error: the tag '!include' means nothing here")));
  EXPECT_THAT(problems_of("a: !!str 1\n"), IsEmpty());
}

TEST(Node, AFileThatIsNotThereOrNotAFileIsAProblem) {
  Problems problems;
  EXPECT_EQ(read_yaml("/nowhere/x.yaml", problems), std::nullopt);
  EXPECT_EQ(read_yaml("/dev/zero", problems), std::nullopt);
  EXPECT_THAT(lines(problems), ElementsAre("/dev/zero: error: the file is not a regular file",
                                           "/nowhere/x.yaml: error: the file does not exist"));
}

}  // namespace
}  // namespace tidemill::config

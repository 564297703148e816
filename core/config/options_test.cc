#include "core/config/options.h"

#include <gmock/gmock.h>

#include <limits>

namespace tidemill::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Inner {
  std::int64_t low = 0;
  std::string mode = "fast";
};

struct Sample {
  std::uint64_t wide = 0;
  std::int64_t narrow = 0;
  std::int8_t tiny = 0;
  std::optional<double> share;
  std::vector<std::string> names{"a", "b"};
  std::vector<std::string> tags;
  FilePath path;
  std::string url;
  Secret secret;
  Mapping rules;
  Inner inner;
};

ConfigSpec<Sample> spec() {
  return ConfigSpec<Sample>("A sample.")
      .field("wide", &Sample::wide, "All of 64 bits.")
      .field("narrow", &Sample::narrow, "With a sign.")
      .field("tiny", &Sample::tiny, "Eight bits.")
      .field("share", &Sample::share, "A part.", in_range(0, 1))
      .field("names", &Sample::names, "With a default.")
      .field("tags", &Sample::tags, "Without one.")
      .field("path", &Sample::path, "A path.")
      .field("url", &Sample::url, "A location.")
      .field("secret", &Sample::secret, "Hidden.")
      .field("rules", &Sample::rules, "Keys of the user's own.")
      .group("inner", &Sample::inner,
             ConfigSpec<Inner>("Inner.")
                 .field("low", &Inner::low, "Low.", Need::required)
                 .field("mode", &Inner::mode, "Mode."))
      .check("wide and tiny must not both be set",
             [](const Sample& s) { return s.wide == 0 || s.tiny == 0; });
}

struct Shared {
  std::string region;
  Inner inner;
};

struct Including {
  std::string url;
  Shared shared;
};

TEST(Options, ThoseThatSeveralSpecsShareStandAmongTheOthers) {
  auto shared = ConfigSpec<Shared>("Shared.")
                    .field("region", &Shared::region, "Where.")
                    .group("inner", &Shared::inner,
                           ConfigSpec<Inner>("Inner.").field("low", &Inner::low, "Low."))
                    .check("not there", [](const Shared& s) { return s.region != "nowhere"; });
  const auto including = ConfigSpec<Including>("A sample.")
                             .field("url", &Including::url, "A location.")
                             .include(&Including::shared, std::move(shared));

  std::vector<std::string> names;
  for (const OptionDecl& decl : including.decls()) names.push_back(decl.name);
  EXPECT_THAT(names, ElementsAre("url", "region", "inner.low"));
  const auto made = including.make({{"url", "u"}, {"region", "here"}, {"inner.low", "7"}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->url, "u");
  EXPECT_EQ(made->shared.region, "here");
  EXPECT_EQ(made->shared.inner.low, 7);
  EXPECT_EQ(including.make({{"region", "nowhere"}}).error().message, "not there");
}

struct Checked {
  ResolvedOptions options;
  std::vector<std::string> problems;
};

Checked check(const std::string& text) {
  Problems problems;
  const auto node = parse_yaml(text, "/etc/x/f.yaml", problems);
  const auto decls = spec().decls();
  Checked checked;
  checked.options = check_options(node.value_or(Node{}), {"/etc/x/f.yaml", 1, 1}, decls, problems);
  for (const auto& p : problems.errors())
    checked.problems.push_back(to_string({{"", p.where.line, p.where.column}, p.what, p.fix}));
  return checked;
}

// Every sample below also sets the one required option, so that only its own mistake shows.
Checked sample(const std::string& text) { return check("inner: { low: 1 }\n" + text); }

TEST(Options, WholeNumbersKeepTheir64Bits) {
  EXPECT_THAT(sample("wide: 18446744073709551615").options,
              ElementsAre(Pair("inner.low", "1"), Pair("wide", "18446744073709551615")));
  EXPECT_THAT(sample("narrow: -9223372036854775808").problems, IsEmpty());
  EXPECT_THAT(sample("narrow: 9223372036854775807").problems, IsEmpty());
  EXPECT_THAT(sample("narrow: 9223372036854775808").problems,
              ElementsAre(HasSubstr("narrow must be between")));
  EXPECT_THAT(sample("tiny: 128").problems,
              ElementsAre(":2:7: error: tiny must be between -128 and 127; got '128'"));
  EXPECT_THAT(sample("wide: -1").problems, ElementsAre(HasSubstr("wide must be between 0 and")));
}

TEST(Options, QuotedNumbersAreNumbersToo) {
  EXPECT_THAT(sample("tiny: '12'").options,
              ElementsAre(Pair("inner.low", "1"), Pair("tiny", "12")));
}

TEST(Options, AListTakesALoneValue) {
  EXPECT_THAT(sample("names: x").options, ElementsAre(Pair("inner.low", "1"), Pair("names", "x")));
  EXPECT_THAT(sample("names: [x, 7]").options,
              ElementsAre(Pair("inner.low", "1"), Pair("names", "x"), Pair("names", "7")));
}

TEST(Options, AnEmptyListIsRefusedWhereItWouldMeanTheDefault) {
  EXPECT_THAT(sample("names: []").problems,
              ElementsAre(":2:8: error: names: the list is empty; remove the key for the default"));
  EXPECT_THAT(sample("tags: []").problems, IsEmpty());
}

TEST(Options, PathsStartAtTheirFile) {
  EXPECT_THAT(sample("path: ../y/z.txt").options,
              ElementsAre(Pair("inner.low", "1"), Pair("path", "/etc/y/z.txt")));
  EXPECT_THAT(sample("path: /abs").options,
              ElementsAre(Pair("inner.low", "1"), Pair("path", "/abs")));
  EXPECT_THAT(sample("url: file:photos/").options,
              ElementsAre(Pair("inner.low", "1"), Pair("url", "file:/etc/x/photos/")));
  EXPECT_THAT(sample("url: local:photos").options,
              ElementsAre(Pair("inner.low", "1"), Pair("url", "local:photos")));
}

TEST(Options, ARequiredOptionOfAGroupIsMissedWithAndWithoutTheGroup) {
  EXPECT_THAT(check("tiny: 1").problems,
              ElementsAre(":1:1: error: inner.low is missing; add it (a whole number such as 42): "
                          "Low"));
  EXPECT_THAT(check("tiny: 1\ninner: { mode: x }").problems,
              ElementsAre(HasSubstr(":2:1: error: inner.low is missing")));
}

TEST(Options, ASecretOfTheWrongTypeIsNotEchoed) {
  EXPECT_THAT(sample("secret: [hush]").problems,
              ElementsAre(":2:9: error: secret: expected text; got a list"));
}

TEST(Options, AMappingWithKeysOfTheUsersOwnIsJson) {
  EXPECT_THAT(sample("rules: { b: { x: 1, y: '2' }, a: [true, .t] }").options,
              ElementsAre(Pair("inner.low", "1"),
                          Pair("rules", R"({"b":{"x":1,"y":"2"},"a":[true,".t"]})")));
  EXPECT_THAT(sample("rules: {}").options,
              ElementsAre(Pair("inner.low", "1"), Pair("rules", "{}")));
  EXPECT_THAT(sample("rules: [a]").problems,
              ElementsAre(":2:8: error: rules: expected a mapping; got a list"));
  EXPECT_THAT(sample("rules: a").problems,
              ElementsAre(HasSubstr(":2:8: error: rules: expected a mapping; got")));
}

TEST(Options, EmptyTextMustBeWrittenAsSuch) {
  EXPECT_THAT(sample("url: ''").options, ElementsAre(Pair("inner.low", "1"), Pair("url", "")));
  EXPECT_THAT(sample("url:").problems, ElementsAre(HasSubstr(":2:1: error: url has no value")));
  EXPECT_THAT(sample("url: ~").problems, ElementsAre(HasSubstr(":2:1: error: url has no value")));
}

TEST(Options, ARuleOverTheWholeIsToldAtTheSection) {
  Problems problems;
  const auto file = parse_yaml("s: { wide: 1, tiny: 1, inner: { low: 1 } }", "f", problems);
  const auto made = read_section(*file->find("s"), spec(), problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(to_string(problems.errors()[0]), "f:1:1: error: wide and tiny must not both be set");
  EXPECT_EQ(made.wide, 0u);
}

TEST(Options, DefaultsOfASectionStandWhereNothingWasSaid) {
  Problems problems;
  const auto file = parse_yaml("s: { inner: { low: 4 }, share: 0.25 }", "f", problems);
  const auto made = read_section(*file->find("s"), spec(), problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(made.inner.low, 4);
  EXPECT_EQ(made.inner.mode, "fast");
  EXPECT_THAT(made.names, ElementsAre("a", "b"));
  EXPECT_EQ(made.share, 0.25);
}

}  // namespace
}  // namespace tidemill::config

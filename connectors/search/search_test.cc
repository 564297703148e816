#include "search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tidemill/testing/recording_log.h"
#include "tidemill/testing/virtual_scheduler.h"

namespace tidemill::search {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SearchTest : public ::testing::Test {
 protected:
  SearchTest() { register_with(registry_); }

  // Why it is refused; empty where it is not.
  std::string refusal(ResolvedOptions options) {
    options.insert(options.begin(), {{"url", "http://es:9200"}, {"index", "clicks"}});
    const auto compile =
        [](std::string_view text) -> Result<std::shared_ptr<const EventExpression>> {
      return fail(Fault::bad_config, "cannot read " + std::string(text));
    };
    const auto& kind = registry_.sinks().find("search")->second;
    auto built = kind.build(
        options,
        {.scheduler = scheduler_, .log = log_, .data_folder = "/nowhere", .compile = compile});
    if (built) return {};
    EXPECT_EQ(built.error().fault, Fault::bad_config);
    return built.error().message;
  }

  Registry registry_;
  testing::VirtualScheduler scheduler_;
  testing::RecordingLog log_;
};

TEST_F(SearchTest, UrlIndexAndNothingElseIsEnough) { EXPECT_EQ(refusal({}), ""); }

TEST_F(SearchTest, NamesOfIndicesAreLookedAt) {
  for (const auto* name : {"clicks", "clicks-2026.01.31", ".hidden", "лента"})
    EXPECT_TRUE(is_index_name(name)) << name;
  for (const auto* name : {"", ".", "..", "Clicks", "a b", "a/b", "a*", "a,b", "-a", "_all", "a#b",
                           "a?b", "a%2f", "a\nb"})
    EXPECT_FALSE(is_index_name(name)) << name;
  EXPECT_THAT(refusal({{"index", "Clicks"}}), HasSubstr("lower-case"));
}

TEST_F(SearchTest, AnIdIsCompiled) {
  EXPECT_EQ(refusal({{"id", ".a | ("}}), "id: cannot read .a | (");
}

TEST_F(SearchTest, TlsAndTheSchemeOfTheUrlAgree) {
  EXPECT_THAT(refusal({{"tls.enabled", "true"}}), HasSubstr("https://"));
  EXPECT_THAT(refusal({{"url", "https://es:9200"}, {"tls.enabled", "false"}}),
              HasSubstr("write http://"));
  EXPECT_EQ(refusal({{"url", "https://es:9200/path/"}}), "");
  EXPECT_THAT(refusal({{"url", "es:9200"}}), HasSubstr("url: it takes http://"));
}

TEST_F(SearchTest, OneLoginIsEnoughAndItsSecretIsNotTold) {
  const ResolvedOptions login{
      {"auth.mechanism", "plain"}, {"auth.username", "tide"}, {"auth.password", "very-secret"}};
  EXPECT_EQ(refusal(login), "");
  ResolvedOptions both = login;
  both.emplace_back("api_key", "very-secret-too");
  EXPECT_THAT(refusal(both), HasSubstr("not both"));
  ResolvedOptions scram = login;
  scram[0].second = "scram-sha-256";
  EXPECT_THAT(refusal(scram), HasSubstr("must be plain"));
  EXPECT_THAT(refusal(both), Not(HasSubstr("very-secret")));
}

}  // namespace
}  // namespace tidemill::search

#include "credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "http_client/testing/test_server.h"
#include "metadata_service.h"
#include "options.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::aws {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;
using testing::TestServer;

constexpr WallTime now(1'700'000'000'000'000);  // 2023-11-14T22:13:20Z

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    variables_["HOME"] = home_.path();
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
  }

  Environment environment() {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }

  Result<Credentials> get(CredentialOptions options = {}) {
    return CredentialChain(std::move(options), environment()).get(now);
  }

  TempFolder home_;
  std::map<std::string, std::string> variables_;
};

TEST_F(CredentialsTest, OptionsGoBeforeEverything) {
  variables_["AWS_ACCESS_KEY_ID"] = "of the environment";
  variables_["AWS_SECRET_ACCESS_KEY"] = "x";

  const auto found = get({.access_key = "mine", .secret_key = {"secret"}});

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key, "mine");
  EXPECT_EQ(found->secret_key, "secret");
}

TEST_F(CredentialsTest, TheEnvironmentGoesBeforeFiles) {
  home_.write(".aws/credentials", "[default]\naws_access_key_id=file\naws_secret_access_key=x\n");
  variables_["AWS_ACCESS_KEY_ID"] = "environment";
  variables_["AWS_SECRET_ACCESS_KEY"] = "secret";
  variables_["AWS_SESSION_TOKEN"] = "token";

  const auto found = get();

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key, "environment");
  EXPECT_EQ(found->session_token, "token");
}

TEST_F(CredentialsTest, AProfileIsASectionOfTheSharedFiles) {
  home_.write(".aws/credentials",
              "# mine\n[default]\naws_access_key_id = one\naws_secret_access_key = first\n\n"
              "[work]\n; hers\naws_access_key_id=two\naws_secret_access_key=second=\n");
  home_.write(".aws/config",
              "[default]\nregion = eu-west-1\n[profile far]\naws_access_key_id=three\n"
              "aws_secret_access_key=third\nregion=ap-south-1\n");

  EXPECT_EQ(get()->access_key, "one");
  EXPECT_EQ(get({.profile = "work"})->secret_key, "second=");
  EXPECT_EQ(get({.profile = "far"})->access_key, "three");
  variables_["AWS_PROFILE"] = "work";
  EXPECT_EQ(get()->access_key, "two");
}

TEST_F(CredentialsTest, AProfileThatIsNotThereIsNamedWithItsFile) {
  const auto found = get({.profile = "work"});

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::bad_config);
  EXPECT_THAT(found.error().message,
              AllOf(HasSubstr("the profile work"), HasSubstr(home_ / ".aws/credentials")));
}

TEST_F(CredentialsTest, WithoutAnyItSaysWhereTheyCouldBe) {
  const auto found = get();

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::bad_config);
  EXPECT_THAT(found.error().message,
              AllOf(HasSubstr("access_key and secret_key"), HasSubstr("AWS_ACCESS_KEY_ID"),
                    HasSubstr(home_ / ".aws/credentials")));
}

TestServer::Answer lent(const std::string& key, const std::string& until) {
  return {.body = R"({"AccessKeyId": ")" + key +
                  R"(", "SecretAccessKey": "lent-secret", "Token": "t", "Expiration": ")" + until +
                  "\"}"};
}

TEST_F(CredentialsTest, AContainerLendsThemAndTheyAreRenewedBeforeTheyExpire) {
  int calls = 0;
  TestServer server([&calls](const TestServer::Request& request) {
    EXPECT_EQ(request.header("authorization"), "let me");
    return lent("key" + std::to_string(++calls), "2023-11-14T23:13:20Z");
  });
  home_.write("token", "let me\n");
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url() + "/creds";
  variables_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = home_ / "token";
  CredentialChain chain({}, environment());
  const auto minutes = [](std::uint64_t n) { return WallTime(now.value + n * 60'000'000); };

  EXPECT_EQ(chain.get(now)->access_key, "key1");
  EXPECT_EQ(chain.get(minutes(50))->access_key, "key1");
  EXPECT_EQ(chain.get(minutes(56))->access_key, "key2");
  chain.forget();
  EXPECT_EQ(chain.get(now)->access_key, "key3");
}

TEST_F(CredentialsTest, OnesThatAreStillGoodOutliveAServiceThatFails) {
  bool fails = false;
  TestServer server([&fails](const TestServer::Request&) {
    auto answer = lent("key", "2023-11-14T23:13:20Z");
    if (fails) answer.status = 500;
    return answer;
  });
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.url() + "/creds";
  CredentialChain chain({}, environment());
  ASSERT_TRUE(chain.get(now));
  fails = true;

  EXPECT_TRUE(chain.get(WallTime(now.value + 58ULL * 60'000'000)));
  const auto late = chain.get(WallTime(now.value + 61ULL * 60'000'000));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().fault, Fault::transient);
}

TEST_F(CredentialsTest, SecretsAreNotAskedForInTheClearElsewhere) {
  variables_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://elsewhere.example/creds";

  const auto found = get();

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::bad_config);
}

TEST_F(CredentialsTest, AnInstanceLendsThoseOfItsRole) {
  TestServer server([](const TestServer::Request& request) -> TestServer::Answer {
    if (request.method == "PUT") return {.body = "session"};
    EXPECT_EQ(request.header("x-aws-ec2-metadata-token"), "session");
    if (request.target.ends_with('/')) return {.body = "my-role"};
    EXPECT_EQ(request.target, "/latest/meta-data/iam/security-credentials/my-role");
    return lent("instance", "2023-11-14T23:13:20Z");
  });
  variables_["AWS_EC2_METADATA_DISABLED"] = "false";
  variables_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url();

  const auto found = get();

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key, "instance");
  EXPECT_EQ(found->session_token, "t");
}

TEST_F(CredentialsTest, AnswersThatAreNoneAreNotRepeated) {
  for (const char* text : {"", "[]", "no json", R"({"AccessKeyId": "a", "SecretAccessKey": 1})",
                           R"({"SecretAccessKey": "hush"})"}) {
    const auto parsed = parse_credentials(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("hush")));
  }
}

TEST_F(CredentialsTest, TheRegionIsTheOptionsOrTheEnvironmentsOrTheProfiles) {
  EXPECT_EQ(region_of({}, environment()), "us-east-1");
  home_.write(".aws/config", "[default]\nregion = eu-west-1\n");
  EXPECT_EQ(region_of({}, environment()), "eu-west-1");
  variables_["AWS_REGION"] = "eu-north-1";
  EXPECT_EQ(region_of({}, environment()), "eu-north-1");
  AwsOptions options;
  options.region = "sa-east-1";
  EXPECT_EQ(region_of(options, environment()), "sa-east-1");
}

}  // namespace
}  // namespace tidemill::aws

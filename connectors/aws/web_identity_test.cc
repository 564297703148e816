#include "web_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "http_client/testing/test_server.h"
#include "tidemill/testing/temp_folder.h"

namespace tidemill::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;
using testing::TestServer;

constexpr WallTime now(1'700'000'000'000'000);  // 2023-11-14T22:13:20Z

// As in the reference of STS, shortened.
constexpr std::string_view assumed = R"(<AssumeRoleWithWebIdentityResponse
    xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>amzn1.account.AF6RHO7KZU5XRVQJGXK6HB56KR2A</SubjectFromWebIdentityToken>
    <Credentials>
      <SessionToken>AQoDYXdz</SessionToken>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG</SecretAccessKey>
      <Expiration>2023-11-14T23:13:20Z</Expiration>
      <AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>)";

class WebIdentityTest : public ::testing::Test {
 protected:
  WebIdentityTest() {
    home_.write("token", "header.pay+load.signature\n");
    variables_["HOME"] = home_.path();
    variables_["AWS_EC2_METADATA_DISABLED"] = "true";
    variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_.path() + "/token";
    variables_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/mill";
    variables_["AWS_ENDPOINT_URL_STS"] = server_.url();
  }

  Environment environment() {
    return [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
  }

  Result<Credentials> get() { return CredentialChain({}, environment()).get(now); }

  TestServer::Answer answer_{.body = std::string(assumed)};
  TempFolder home_;
  std::map<std::string, std::string> variables_;
  TestServer server_{[this](const TestServer::Request&) { return answer_; }};
};

TEST_F(WebIdentityTest, ATokenInAFileIsChangedForCredentials) {
  const auto found = get();

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key, "ASgeIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(found->secret_key, "wJalrXUtnFEMI/K7MDENG");
  EXPECT_EQ(found->session_token, "AQoDYXdz");
  EXPECT_EQ(found->expires->value, now.value + 3600ULL * 1'000'000);
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].body,
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fmill&"
            "RoleSessionName=tidemill&Version=2011-06-15&"
            "WebIdentityToken=header.pay%2Bload.signature");
}

TEST_F(WebIdentityTest, TheyGoBehindTheEnvironmentAndBeforeFiles) {
  home_.write(".aws/credentials", "[default]\naws_access_key_id=file\naws_secret_access_key=x\n");
  EXPECT_EQ(get()->access_key, "ASgeIAIOSFODNN7EXAMPLE");
  variables_["AWS_ACCESS_KEY_ID"] = "environment";
  variables_["AWS_SECRET_ACCESS_KEY"] = "x";
  EXPECT_EQ(get()->access_key, "environment");
}

TEST_F(WebIdentityTest, WithoutARoleThereAreNone) {
  variables_.erase("AWS_ROLE_ARN");

  const auto found = from_web_identity(environment());

  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(WebIdentityTest, AFileThatIsNotThereIsNamed) {
  variables_["AWS_WEB_IDENTITY_TOKEN_FILE"] = "/nowhere/token";

  const auto found = get();

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::bad_config);
  EXPECT_THAT(found.error().message, HasSubstr("/nowhere/token"));
}

TEST_F(WebIdentityTest, ARoleThatIsNotLentIsForAPerson) {
  answer_ = {.status = 400,
             .body =
                 "<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
                 "<Message>header.pay+load.signature is none</Message></Error></ErrorResponse>"};

  const auto found = get();

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::bad_config);
  EXPECT_THAT(found.error().message, HasSubstr("arn:aws:iam::1:role/mill (InvalidIdentityToken)"));
  EXPECT_THAT(found.error().message, Not(HasSubstr("pay+load")));
}

TEST_F(WebIdentityTest, AServiceThatIsAwayMayComeBack) {
  answer_ = {.status = 503};
  EXPECT_EQ(get().error().fault, Fault::unavailable);
  variables_["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:" + std::to_string(testing::unused_port());
  EXPECT_EQ(get().error().fault, Fault::unavailable);
}

TEST_F(WebIdentityTest, AnswersThatAreNoneAreNoCredentials) {
  for (const char* xml :
       {"", "{}", "<a/>", "<AssumeRoleWithWebIdentityResponse/>",
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<AccessKeyId>a</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
        "</AssumeRoleWithWebIdentityResponse>"})
    EXPECT_FALSE(parse_assumed_role(xml)) << xml;
}

}  // namespace
}  // namespace tidemill::aws

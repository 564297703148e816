#include "signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidemill::http {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view body = R"({"n": 1})";
constexpr std::string_view sha256_hex =
    "d8a9b2b81c7e393c677a2219fa81224dc8c3590733c0039bbb0900ce0456c858";

WallTime at_second(std::uint64_t second) { return WallTime(second * 1'000'000); }

SignatureVerifier verifier(const HmacOptions& options) {
  auto made = SignatureVerifier::make(options);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

/// Empty: it is genuine.
std::string why_not(const HmacOptions& options, std::vector<HttpHeader> headers,
                    std::string_view signed_body = body, WallTime now = at_second(0)) {
  const auto verified = verifier(options).verify(headers, signed_body, now);
  if (verified) return "";
  EXPECT_EQ(verified.error().fault, Fault::bad_event);
  return verified.error().message;
}

HmacOptions with(std::vector<std::string> secrets, HmacScheme scheme = HmacScheme::github) {
  HmacOptions options;
  options.scheme = scheme;
  for (std::string& secret : secrets) options.secrets.push_back({std::move(secret)});
  return options;
}

TEST(Signature, TheExampleOfGitHubIsGenuine) {
  EXPECT_EQ(why_not(with({"It's a Secret to Everybody"}),
                    {{"X-Hub-Signature-256",
                      "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}},
                    "Hello, World!"),
            "");
}

TEST(Signature, IsOfTheWholeBody) {
  const std::string signature = "sha256=" + std::string(sha256_hex);
  const std::vector<HttpHeader> headers{{"x-hub-signature-256", signature}};

  EXPECT_EQ(why_not(with({"topsecret"}), headers), "");
  for (const auto other : {"", R"({"n": 1} )", R"({"n": 2})"})
    EXPECT_EQ(why_not(with({"topsecret"}), headers, other),
              "the signature in X-Hub-Signature-256 is not that of this request");
  EXPECT_THAT(why_not(with({"topsecreT"}), headers), HasSubstr("is not that of this request"));
}

TEST(Signature, MayBeInHexOrBase64WithOrWithoutItsAlgorithm) {
  auto options = with({"topsecret"});
  options.header = "X-Shopify-Hmac-Sha256";

  for (const auto sent : {"2KmyuBx+OTxneiIZ+oEiTcjDWQczwAObuwkAzgRWyFg=",
                          "D8A9B2B81C7E393C677A2219FA81224DC8C3590733C0039BBB0900CE0456C858",
                          "sha256=2KmyuBx+OTxneiIZ+oEiTcjDWQczwAObuwkAzgRWyFg=",
                          " d8a9b2b81c7e393c677a2219fa81224dc8c3590733c0039bbb0900ce0456c858 "})
    EXPECT_EQ(why_not(options, {{"X-Shopify-Hmac-Sha256", sent}}), "") << sent;
}

TEST(Signature, EveryAlgorithmHasItsOwn) {
  auto options = with({"topsecret"});
  options.header = "X-Signature";
  options.algorithm = HmacAlgorithm::sha1;
  EXPECT_EQ(why_not(options, {{"X-Signature", "sha1=8ad040ac0589c794e16c7aafc2afad6a052bcab9"}}),
            "");
  options.algorithm = HmacAlgorithm::sha512;
  EXPECT_EQ(why_not(options, {{"X-Signature",
                               "3087b4435f9624a8c357adfd2ea13720c059927316a844bb22f9a4b1ea75d41237e"
                               "c591347a1dd00c23907077d21ad4f3517dbf3dbfa47ee0d7dd5183bbafd54"}}),
            "");
  EXPECT_NE(why_not(options, {{"X-Signature", sha256_hex}}), "");
}

TEST(Signature, OneThatIsMissingOrNoneIsRefused) {
  EXPECT_EQ(why_not(with({"topsecret"}), {}), "the header X-Hub-Signature-256 is missing");
  EXPECT_EQ(why_not(with({"topsecret"}), {{"X-Hub-Signature-256", ""}}),
            "the header X-Hub-Signature-256 is missing");
  for (const auto sent : {"sha256=", "d8a9", "sha1=8ad040ac0589c794e16c7aafc2afad6a052bcab9",
                          "z8a9b2b81c7e393c677a2219fa81224dc8c3590733c0039bbb0900ce0456c858",
                          "sha256=sha256=d8a9b2b81c7e393c677a2219fa81224dc8c3590733c0039bbb0900ce"})
    EXPECT_THAT(why_not(with({"topsecret"}), {{"X-Hub-Signature-256", sent}}),
                HasSubstr("is not that of this request"))
        << sent;
}

TEST(Signature, AnyOfSeveralSecretsWillDo) {
  EXPECT_EQ(why_not(with({"next", "topsecret"}), {{"X-Hub-Signature-256", sha256_hex}}), "");
  EXPECT_NE(why_not(with({"next", "other"}), {{"X-Hub-Signature-256", sha256_hex}}), "");
}

TEST(Signature, OfStripeIsOfItsTimeAndTheBody) {
  const auto options = with({"topsecret"}, HmacScheme::stripe);
  const std::string right = "3e2892ac9bc13d86002f0e593245f78e862bdea3a1ebb4119c7255f3f630cdf7";
  const auto sent = [&](const std::string& header, std::uint64_t now = 1'700'000'010) {
    return why_not(options, {{"Stripe-Signature", header}}, body, at_second(now));
  };

  EXPECT_EQ(sent("t=1700000000,v1=" + right), "");
  EXPECT_EQ(sent("t=1700000000, v1=" + std::string(64, '0') + ", v1=" + right + ",v0=abc"), "");
  EXPECT_THAT(sent("t=1700000001,v1=" + right), HasSubstr("is not that of this request"));
  EXPECT_THAT(sent("t=1700000000,v0=" + right), HasSubstr("is not that of this request"));
  EXPECT_THAT(sent("t=1700000000"), HasSubstr("is not that of this request"));
  EXPECT_EQ(sent("v1=" + right), "the signature has no time in seconds since 1970");
  EXPECT_EQ(sent("t=now,v1=" + right), "the signature has no time in seconds since 1970");
  EXPECT_EQ(sent("t=17000000001700000000000,v1=" + right),
            "the signature has no time in seconds since 1970");
}

TEST(Signature, OfAnotherTimeIsRefused) {
  auto options = with({"topsecret"}, HmacScheme::stripe);
  options.tolerance = std::chrono::seconds(60);
  const std::vector<HttpHeader> headers{
      {"Stripe-Signature",
       "t=1700000000,v1=3e2892ac9bc13d86002f0e593245f78e862bdea3a1ebb4119c7255f3f630cdf7"}};

  EXPECT_EQ(why_not(options, headers, body, at_second(1'700'000'060)), "");
  EXPECT_EQ(why_not(options, headers, body, at_second(1'700'000'061)),
            "it was signed 61 seconds ago; at most 60 are taken");
  EXPECT_EQ(why_not(options, headers, body, at_second(1'699'999'940)), "");
  EXPECT_EQ(why_not(options, headers, body, at_second(1'699'999'939)),
            "its signature is 61 seconds ahead of this machine's clock");
}

class StandardWebhook : public ::testing::Test {
 protected:
  /// The example of the specification, with another value for one header.
  std::string sent(std::string_view name = {}, std::string_view value = {}) const {
    std::vector<HttpHeader> headers{
        {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
        {"webhook-timestamp", "1614265330"},
        {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}};
    for (HttpHeader& header : headers)
      if (header.name == name) header.value = value;
    return why_not(options_, headers, R"({"test": 2432232314})", at_second(1'614'265'331));
  }

  HmacOptions options_ = with({"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, HmacScheme::standard);
};

TEST_F(StandardWebhook, TheExampleOfTheSpecificationIsGenuine) {
  EXPECT_EQ(sent(), "");
  options_ = with({"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, HmacScheme::standard);
  EXPECT_EQ(sent(), "");
  EXPECT_EQ(sent("webhook-signature",
                 "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= "
                 "v1a,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            "");
}

TEST_F(StandardWebhook, IsOfItsIdAndTimeToo) {
  EXPECT_THAT(sent("webhook-id", "msg_other"), HasSubstr("is not that of this request"));
  EXPECT_THAT(sent("webhook-timestamp", "1614265331"), HasSubstr("is not that of this request"));
  EXPECT_THAT(sent("webhook-timestamp", "1614260000"), HasSubstr("seconds ago"));
  EXPECT_THAT(sent("webhook-signature", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
              HasSubstr("is not that of this request"));
}

TEST_F(StandardWebhook, NeedsAllOfItsHeaders) {
  EXPECT_EQ(sent("webhook-id", ""), "the header webhook-id is missing");
  EXPECT_EQ(sent("webhook-timestamp", ""), "the header webhook-timestamp is missing");
  EXPECT_EQ(sent("webhook-signature", ""), "the header webhook-signature is missing");
}

TEST_F(StandardWebhook, OtherNamesOfItsHeadersFollowThatOfTheSignature) {
  options_.header = "svix-signature";
  EXPECT_EQ(sent(), "the header svix-id is missing");
}

TEST_F(StandardWebhook, ItsSecretIsBase64) {
  const auto made = SignatureVerifier::make(with({"whsec_?"}, HmacScheme::standard));

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::bad_config);
  EXPECT_THAT(made.error().message, HasSubstr("it is base64"));
}

TEST(HmacOptions, AreReadAsInThePagesOfPipelines) {
  const auto made = hmac_spec().make({{"header", "X-Hub-Signature-256"}, {"secret", "topsecret"}});

  ASSERT_TRUE(made);
  EXPECT_TRUE(made->on());
  EXPECT_EQ(why_not(*made, {{"X-Hub-Signature-256", sha256_hex}}), "");
}

TEST(HmacOptions, AreOffWhereNoneAreGiven) {
  const auto made = hmac_spec().make({});

  ASSERT_TRUE(made);
  EXPECT_FALSE(made->on());
}

TEST(HmacOptions, SayWhatIsWrong) {
  const auto why = [](const ResolvedOptions& options) {
    const auto made = hmac_spec().make(options);
    return made ? std::string() : made.error().message;
  };

  EXPECT_EQ(why({{"header", "X-Signature"}}), "hmac needs a secret");
  EXPECT_EQ(why({{"scheme", "stripe"}}), "hmac needs a secret");
  EXPECT_EQ(why({{"secret", "a"}, {"secret", ""}}), "hmac.secret must not be empty");
  EXPECT_THAT(why({{"secret", "YQ=="}, {"scheme", "standard"}, {"header", "X-Sign"}}),
              HasSubstr("ends with -signature"));
}

}  // namespace
}  // namespace tidemill::http

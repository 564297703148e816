#include "http_sink_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::http {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> signed_headers(const SignOptions& options, std::string_view id,
                                        std::uint64_t seconds, std::string_view body) {
  const auto signature = RequestSignature::make(options);
  EXPECT_TRUE(signature) << (signature ? "" : signature.error().message);
  std::vector<http_client::Header> headers;
  if (signature) signature->append(headers, id, WallTime(seconds * 1'000'000), body);
  std::vector<std::string> lines;
  for (const auto& header : headers) lines.push_back(header.name + ": " + header.value);
  return lines;
}

using Lines = std::vector<std::string>;

// The example of GitHub's documents.
TEST(RequestSignature, OfGitHubIsTheOneOfItsDocuments) {
  EXPECT_EQ(signed_headers({SignScheme::github, {"It's a Secret to Everybody"}, ""}, "", 1,
                           "Hello, World!"),
            Lines{"X-Hub-Signature-256: "
                  "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"});
}

// The example of the Standard Webhooks' specification, as its libraries test it.
TEST(RequestSignature, OfStandardWebhooksIsTheOneOfItsLibraries) {
  const SignOptions options{SignScheme::standard, {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, ""};
  EXPECT_EQ(signed_headers(options, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                           R"({"test": 2432232314})"),
            (Lines{"webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp: 1614265330",
                   "webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}));
}

// What `openssl dgst -sha256 -hmac whsec_test` says of 1492774577.{"id":"evt_1"}.
TEST(RequestSignature, OfStripeSignsTheTimeToo) {
  const auto lines =
      signed_headers({SignScheme::stripe, {"whsec_test"}, ""}, "", 1492774577, R"({"id":"evt_1"})");
  EXPECT_EQ(
      lines,
      Lines{"Stripe-Signature: "
            "t=1492774577,v1=7656fc2882a7ca0a651666b36bf2f2f22ee204f54f608f227498a2419f2890b2"});
}

TEST(RequestSignature, MayStandInAnotherHeader) {
  EXPECT_THAT(signed_headers({SignScheme::github, {"k"}, "X-Own"}, "", 1, "b").at(0),
              HasSubstr("X-Own: sha256="));
  EXPECT_EQ(signed_headers({}, "id", 1, "b"), Lines{});
}

TEST(RequestSignature, ASecretThatIsNoBase64IsASentence) {
  const auto made = RequestSignature::make({SignScheme::standard, {"whsec_???"}, ""});
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("sign.secret"));
}

}  // namespace
}  // namespace tidemill::http

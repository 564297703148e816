#include "http_sink_signature.h"

#include <cstdint>
#include <span>
#include <utility>

#include "aws/digest.h"
#include "json_text/json_text.h"

namespace tidemill::http {
namespace {

constexpr std::string_view whsec = "whsec_";

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

ConfigSpec<SignOptions> sign_spec() {
  return ConfigSpec<SignOptions>("How a receiver can tell that a request is ours.")
      .choice("scheme", &SignOptions::scheme,
              "HMAC-SHA256 in the form of GitHub, of Stripe, or of Standard Webhooks.",
              {{"none", SignScheme::none},
               {"github", SignScheme::github},
               {"stripe", SignScheme::stripe},
               {"standard", SignScheme::standard}})
      .field("secret", &SignOptions::secret,
             "The key that both sides know; with standard also as whsec_BASE64.")
      .field("header", &SignOptions::header,
             "Where github and stripe write it, instead of X-Hub-Signature-256 and "
             "Stripe-Signature.")
      .check("sign needs a scheme and a secret",
             [](const SignOptions& s) {
               return (s.scheme == SignScheme::none) == s.secret.value.empty();
             })
      .check("sign.header belongs to github and stripe", [](const SignOptions& s) {
        return s.header.empty() || s.scheme == SignScheme::github || s.scheme == SignScheme::stripe;
      });
}

Result<RequestSignature> RequestSignature::make(const SignOptions& options) {
  RequestSignature made;
  made.options_ = options;
  made.key_ = options.secret.value;
  if (options.scheme == SignScheme::standard && made.key_.starts_with(whsec)) {
    std::string key;
    if (!append_from_base64(key, std::string_view(made.key_).substr(whsec.size())))
      return fail(Fault::bad_config, "sign.secret: what stands behind whsec_ is no base64");
    made.key_ = std::move(key);
  }
  return made;
}

void RequestSignature::append(std::vector<http_client::Header>& headers, std::string_view id,
                              WallTime now, std::string_view body) const {
  const auto hmac = [this](const std::string& text) {
    return aws::hmac_sha256(bytes_of(key_), text);
  };
  const auto named = [this](std::string_view own) {
    return options_.header.empty() ? std::string(own) : options_.header;
  };
  const std::string seconds = std::to_string(now.value / 1'000'000);
  switch (options_.scheme) {
    case SignScheme::none:
      return;
    case SignScheme::github:
      headers.push_back({named("X-Hub-Signature-256"),
                         "sha256=" + aws::hex(aws::hmac_sha256(bytes_of(key_), body))});
      return;
    case SignScheme::stripe:
      headers.push_back(
          {named("Stripe-Signature"),
           "t=" + seconds + ",v1=" + aws::hex(hmac(seconds + '.' + std::string(body)))});
      return;
    case SignScheme::standard:
      headers.push_back({"webhook-id", std::string(id)});
      headers.push_back({"webhook-timestamp", seconds});
      headers.push_back(
          {"webhook-signature",
           "v1," + aws::base64(hmac(std::string(id) + '.' + seconds + '.' + std::string(body)))});
      return;
  }
}

}  // namespace tidemill::http

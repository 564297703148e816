// Signatures of webhooks: whether who sends a request knows a secret. Three ways to sign that most
// senders have in common:
//
//     github    X-Hub-Signature-256: sha256=HEX     the HMAC of the body; Shopify's is its base64
//     stripe    Stripe-Signature: t=SECONDS,v1=HEX  of "SECONDS." and the body
//     standard  webhook-id, webhook-timestamp, webhook-signature: v1,BASE64
//                                                   of "ID.SECONDS." and the body
//
// The last two say when they signed, so that a recorded request is refused after `tolerance`.
//
//     verify: { hmac: { header: X-Hub-Signature-256, secret: "${HOOK_SECRET}" } }
//
// Pure; a verifier may be asked from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/config_spec.h"
#include "tidemill/http.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::http {

enum class HmacScheme { github, stripe, standard };
enum class HmacAlgorithm { sha256, sha1, sha512 };

struct HmacOptions {
  std::string header;           ///< Empty: the scheme's own.
  std::vector<Secret> secrets;  ///< Any of them will do, so that one can be replaced by the next.
  HmacScheme scheme = HmacScheme::github;
  HmacAlgorithm algorithm = HmacAlgorithm::sha256;
  Duration tolerance = std::chrono::minutes(5);

  /// Whether signatures are asked for.
  bool on() const { return !secrets.empty(); }
};

/// The group `hmac`.
ConfigSpec<HmacOptions> hmac_spec();

class SignatureVerifier {
 public:
  /// `options` are on().
  ///
  /// Errors: bad_config (a secret of scheme `standard` that is not base64).
  static Result<SignatureVerifier> make(const HmacOptions& options);

  SignatureVerifier(SignatureVerifier&&) noexcept;
  SignatureVerifier& operator=(SignatureVerifier&&) noexcept;
  ~SignatureVerifier();

  /// Takes as long for a signature that is nearly right as for one that is not at all.
  ///
  /// Errors: bad_event, with a sentence for the sender: no signature, none that is right, or one of
  /// another time than `now`.
  Result<> verify(std::span<const HttpHeader> headers, std::string_view body, WallTime now) const;

 private:
  struct Keys;

  SignatureVerifier(HmacOptions options, std::unique_ptr<Keys> keys);

  Result<> verify_github(std::span<const HttpHeader> headers, std::string_view body) const;
  Result<> verify_stripe(std::span<const HttpHeader> headers, std::string_view body,
                         WallTime now) const;
  Result<> verify_standard(std::span<const HttpHeader> headers, std::string_view body,
                           WallTime now) const;
  Result<> check_time(std::string_view seconds, WallTime now) const;

  HmacOptions options_;  // Without the secrets: the keys are made of them.
  std::string id_header_;
  std::string time_header_;
  std::unique_ptr<Keys> keys_;
};

}  // namespace tidemill::http

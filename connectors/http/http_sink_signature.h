// Signatures of a request's body, as receivers of webhooks know them:
//
//     github             X-Hub-Signature-256: sha256=HEX of the body
//     stripe             Stripe-Signature: t=SECONDS,v1=HEX of "SECONDS.body"
//     standard  webhook-id, webhook-timestamp, webhook-signature: v1,BASE64 of
//                        "ID.SECONDS.body"
//
// All are HMAC with SHA-256. Immutable; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http_client/message.h"
#include "tidemill/config_spec.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::http {

enum class SignScheme { none, github, stripe, standard };

struct SignOptions {
  SignScheme scheme = SignScheme::none;
  Secret secret;
  std::string header;  ///< Empty: the scheme's own.
};

ConfigSpec<SignOptions> sign_spec();

class RequestSignature {
 public:
  /// Errors: bad_config (a whsec_ secret that is no base64).
  static Result<RequestSignature> make(const SignOptions& options);

  /// Appends the headers that a request with this body has. `id` tells the message from all others.
  void append(std::vector<http_client::Header>& headers, std::string_view id, WallTime now,
              std::string_view body) const;

 private:
  SignOptions options_;
  std::string key_;
};

}  // namespace tidemill::http

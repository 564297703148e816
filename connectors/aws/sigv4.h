// Signature Version 4: proves to AWS, and to what speaks like it, who sends a request and that
// nobody changed it. Pure functions; the time comes in.
#pragma once

#include <string>
#include <string_view>

#include "credentials.h"
#include "http_client/message.h"
#include "tidemill/time.h"

namespace tidemill::aws {

/// What stands for the path of a request where it is signed.
enum class CanonicalPath {
  as_sent,        ///< Of S3, where every key is a path.
  encoded_again,  ///< Of all others: without dots and doubled slashes, and encoded once more.
};

struct SigningScope {
  std::string region;
  std::string service;
  CanonicalPath path = CanonicalPath::as_sent;
};

/// The three stages, for tests; only the last one goes out.
struct Signature {
  std::string signed_headers;
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;
};

/// `request` has all of its headers, among them Host and X-Amz-Date; `payload_hash` is what stands
/// for its body. Its target is percent-encoded as uri.h does it.
Signature signature_of(const http_client::Request& request, std::string_view payload_hash,
                       const SigningScope& scope, const Credentials& credentials, WallTime now);

/// Adds all headers that a signed request has beside its own, also the hash of its body, and Host,
/// which has to be `authority`.
void sign(http_client::Request& request, std::string_view authority, const SigningScope& scope,
          const Credentials& credentials, WallTime now);

}  // namespace tidemill::aws

// Callers: who sends a request, by a secret that only they know. A key in a header, a bearer token,
// or a name and a password; each belongs to a name, for rate limits and for the function to see.
//
//     auth:
//       api_keys: ["mobile:${MOBILE_KEY}", "partner:${PARTNER_KEY}"]
//       bearer: "ci:${CI_TOKEN}"
//
// A name may have several secrets, so that one can be replaced by the next. Pure; may be asked from
// any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/config_spec.h"
#include "tidemill/http.h"
#include "tidemill/result.h"

namespace tidemill::http {

struct CallerOptions {
  std::vector<Secret> api_keys;  ///< NAME:SECRET, as the other two.
  std::string header = "x-api-key";
  std::vector<Secret> bearer;
  std::vector<Secret> basic;

  /// Whether callers have to be known.
  bool on() const { return !api_keys.empty() || !bearer.empty() || !basic.empty(); }
};

/// The group `auth`.
ConfigSpec<CallerOptions> caller_spec();

class Callers {
 public:
  /// Errors: bad_config, with the option: an entry that is not NAME:SECRET, one secret of two
  /// names.
  static Result<Callers> make(const CallerOptions& options);

  /// The name of who sends it; nothing where no secret in it is right. The name lives as long as
  /// this. Takes as long for a secret that is nearly right as for one that is not at all, whoever's
  /// it is.
  std::optional<std::string_view> who(std::span<const HttpHeader> headers) const;

  /// For the header WWW-Authenticate of a 401; empty where only keys in a header are taken.
  std::string_view challenge() const { return challenge_; }

 private:
  enum class Kind { api_key, bearer, basic };
  using Digest = std::array<std::uint8_t, 32>;

  struct Known {
    Kind kind;
    std::string name;
    Digest digest;  // Of what is sent: all are of one length, and no memory holds the secret.
  };

  static Digest digest_of(std::string_view secret);
  Result<> add(Kind kind, std::string_view option, const std::vector<Secret>& entries);
  std::optional<std::string_view> match(Kind kind, std::string_view sent) const;
  std::optional<std::string_view> match_authorization(std::string_view sent) const;

  std::string header_;
  std::string challenge_;
  std::vector<Known> known_;
};

}  // namespace tidemill::http

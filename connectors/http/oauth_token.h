// TokenSource: an access token of OAuth 2 for our own account (client credentials, RFC 6749 4.4),
// fetched when it is needed, kept until shortly before it expires, and fetched anew where a server
// does not take it any more.
//
// Blocking, with bounded waits, for pool threads; one of them fetches at a time and the others wait
// for what it gets.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http_client/client.h"
#include "tidemill/config_spec.h"
#include "tidemill/time.h"

namespace tidemill::http {

struct OauthOptions {
  std::string token_url;
  std::string client_id;
  Secret client_secret;
  std::vector<std::string> scope;
  std::string audience;

  bool on() const { return !token_url.empty(); }
};

ConfigSpec<OauthOptions> oauth_spec();

struct Token {
  std::string text;
  std::chrono::seconds lasts{0};  ///< 0: the server did not say.
};

/// What a token endpoint answers with 200. Errors: unavailable (it is no such answer).
Result<Token> parse_token_answer(std::string_view json);

/// Why a token endpoint refused, of its JSON; empty: it does not say.
std::string parse_token_refusal(std::string_view json);

class TokenSource {
 public:
  using Clock = std::function<Instant()>;

  /// Errors: bad_config.
  static Result<std::unique_ptr<TokenSource>> make(const OauthOptions& options,
                                                   const TlsOptions& tls, Duration timeout,
                                                   Clock clock);

  /// The token to send now. Errors: bad_config (the endpoint refuses us), unavailable, cancelled.
  Result<std::string> token();

  /// A server refused this one: the next token() fetches another.
  void refused(std::string_view token);

  void interrupt() { client_->interrupt(); }

 private:
  TokenSource(const OauthOptions& options, std::unique_ptr<http_client::Client> client,
              Clock clock);
  Result<Token> fetch();

  const OauthOptions options_;
  const std::unique_ptr<http_client::Client> client_;
  const Clock clock_;

  std::mutex mutex_;  // Held while fetching.
  std::optional<std::string> token_;
  std::optional<Instant> renew_at_;
};

}  // namespace tidemill::http

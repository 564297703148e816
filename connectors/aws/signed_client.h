// SignedClient: sends requests to a service of AWS in our name, and tries again what may pass.
//
// Blocking, thread-safe; see http_client/client.h for why. What the network or a service that has
// too much to do refuses is sent again after a random part of a back-off that doubles, for some
// seconds; what still fails then is the engine's to repeat. Where our clock is wrong, the service's
// own time counts from its first complaint on.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "credentials.h"
#include "http_client/client.h"
#include "sigv4.h"
#include "tidemill/time.h"

namespace tidemill::aws {

struct RetryOptions {
  std::uint32_t attempts = 20;
  Duration initial = std::chrono::milliseconds(100);
  Duration max = std::chrono::seconds(2);
  Duration give_up_after = std::chrono::seconds(15);  ///< No attempt begins later.
};

enum class Patience {
  usual,   ///< As RetryOptions say.
  little,  ///< One more attempt: whoever asks tries again by itself, and tells people so.
};

class SignedClient {
 public:
  using Request = http_client::Request;
  using Answer = Result<http_client::Response>;

  struct Options {
    http_client::Client::Options http;
    SigningScope scope;
    CredentialOptions credentials;
    Environment environment;
    RetryOptions retry;
    std::function<WallTime()> clock;  ///< From any thread.
    std::uint64_t seed = 0;           ///< Of the back-off's chance.
  };

  /// Errors: bad_config.
  static Result<std::unique_ptr<SignedClient>> make(Options options);

  Answer send(const Request& request, Patience patience = Patience::usual);

  /// Side by side; one answer for each. Errors: those of http_client::Client and of
  /// CredentialChain. Bodies of files are not signed, so they are not taken.
  std::vector<Answer> send_all(std::span<const Request> requests,
                               Patience patience = Patience::usual);

  /// See http_client::Client::interrupt().
  void interrupt() { client_->interrupt(); }

  const http_client::Url& server() const { return client_->server(); }
  const SigningScope& scope() const { return options_.scope; }

 private:
  SignedClient(Options options, std::unique_ptr<http_client::Client> client);

  std::vector<Answer> send_once(std::span<const Request> requests,
                                std::span<const std::size_t> which);
  bool learn_time(const Answer& answer);
  WallTime now() const;
  Duration backoff(std::uint32_t attempt);

  const Options options_;
  const std::unique_ptr<http_client::Client> client_;
  CredentialChain credentials_;
  std::atomic<std::uint64_t> chance_;
  std::atomic<std::int64_t> ahead_ = 0;  // Microseconds by which the service's clock is.
};

/// Did the service say that it could not at the moment, or that credentials have expired?
bool may_pass(const http_client::Response& response);

}  // namespace tidemill::aws

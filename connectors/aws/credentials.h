// Credentials: who we are to AWS, and where that is written.
//
// Looked for in this order: the connector's own options, the environment, a role for the token of
// AWS_WEB_IDENTITY_TOKEN_FILE, the profile in the shared files, the endpoint of a container (ECS,
// EKS), the instance (IMDSv2). Secrets appear in no error.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/config_spec.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::aws {

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  ///< Empty for those that do not expire.
  std::optional<WallTime> expires;
};

struct CredentialOptions {
  std::string access_key;
  Secret secret_key;
  Secret session_token;
  std::string profile;
};

/// A variable of the environment; nothing when it is not set or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

/// What the shared files (~/.aws/credentials, ~/.aws/config, or where the environment says they
/// are) have under `name` in the profile that counts; nothing when there is none.
std::optional<std::string> profile_setting(const std::string& profile, std::string_view name,
                                           const Environment& environment);

/// The places where credentials are looked for. Thread-safe, blocking.
class CredentialChain {
 public:
  CredentialChain(CredentialOptions options, Environment environment)
      : options_(std::move(options)), environment_(std::move(environment)) {}

  /// Those found before, as long as they are good for some more minutes. Errors: bad_config (there
  /// are none, with the places that were looked at), transient and unavailable (a place does not
  /// answer).
  Result<Credentials> get(WallTime now);

  /// The service did not take them: look again next time, since files and roles change.
  void forget();

 private:
  Result<Credentials> find();
  Result<std::optional<Credentials>> of_profile();

  const CredentialOptions options_;
  const Environment environment_;
  std::mutex mutex_;  // Held while looking: others wait for the same answer.
  std::optional<Credentials> found_;
};

}  // namespace tidemill::aws

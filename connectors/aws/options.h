// AwsOptions: how connectors to services of AWS, or to others that speak like them, say where the
// service is and who we are to it.
//
//     ConfigSpec<Config>("...").include(&Config::aws, aws::aws_spec())
#pragma once

#include <string>

#include "credentials.h"
#include "tidemill/config_spec.h"
#include "tidemill/security_options.h"

namespace tidemill::aws {

struct AwsOptions {
  std::string endpoint;
  std::string region;
  std::string access_key;
  Secret secret_key;
  Secret session_token;
  std::string profile;
  TlsOptions tls;

  CredentialOptions credentials() const { return {access_key, secret_key, session_token, profile}; }
};

inline ConfigSpec<AwsOptions> aws_spec() {
  return ConfigSpec<AwsOptions>("Where a service is, and who we are to it.")
      .field("endpoint", &AwsOptions::endpoint,
             "http:// or https:// where the service is, if not at AWS.")
      .field("region", &AwsOptions::region,
             "Its region; default: AWS_REGION, then the profile's, then us-east-1.")
      .field("access_key", &AwsOptions::access_key,
             "Who we are; default: the environment, a web identity, the profile, the container, "
             "the instance.")
      .field("secret_key", &AwsOptions::secret_key, "What proves it.")
      .field("session_token", &AwsOptions::session_token, "Of keys that are lent for a time.")
      .field("profile", &AwsOptions::profile, "A profile of ~/.aws/credentials or ~/.aws/config.")
      .group("tls", &AwsOptions::tls, tls_spec())
      .check(
          "access_key and secret_key belong together: give both or neither",
          [](const AwsOptions& o) { return o.access_key.empty() == o.secret_key.value.empty(); });
}

/// The region that counts.
inline std::string region_of(const AwsOptions& options, const Environment& environment) {
  if (!options.region.empty()) return options.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (auto region = environment(name)) return *region;
  return profile_setting(options.profile, "region", environment).value_or("us-east-1");
}

}  // namespace tidemill::aws

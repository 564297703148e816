// Credentials of a role for a token of somebody else's: AssumeRoleWithWebIdentity of STS, as pods
// of EKS (IRSA) and jobs of CI systems get theirs. Blocking, with bounded waits.
#pragma once

#include <optional>
#include <string_view>

#include "credentials.h"

namespace tidemill::aws {

/// Nothing where AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not both set. The file is read
/// each time: whoever writes it renews it. Asks AWS_ENDPOINT_URL_STS, else STS of the region.
/// Errors: bad_config (no such file, a token or role that STS does not take), unavailable,
/// transient (what it answers is nothing that we know).
Result<std::optional<Credentials>> from_web_identity(const Environment& environment);

/// Of the answer to AssumeRoleWithWebIdentity, XML; nothing where there are none.
std::optional<Credentials> parse_assumed_role(std::string_view xml);

}  // namespace tidemill::aws

// Credentials of the machine that we run on: from the endpoint of a container (ECS, EKS Pod
// Identity) or of an EC2 instance (IMDSv2). Blocking, with short waits.
#pragma once

#include <optional>
#include <string_view>

#include "credentials.h"

namespace tidemill::aws {

/// Nothing where there is no such service. Errors: transient (it does not answer as it should),
/// bad_config (the environment names a place that may not be asked).
Result<std::optional<Credentials>> from_metadata_services(const Environment& environment);

/// What such a service answers: a JSON object. Errors: transient, never with a part of the text.
Result<Credentials> parse_credentials(std::string_view json);

}  // namespace tidemill::aws

// Where requests to a service go. Pure.
#pragma once

#include <string>

#include "http_client/url.h"
#include "options.h"
#include "tidemill/result.h"

namespace tidemill::aws {

/// The `endpoint` of the options, or else `usual`, without slashes at its end. Errors: bad_config.
Result<http_client::Url> endpoint_of(const AwsOptions& options, const std::string& usual);

}  // namespace tidemill::aws

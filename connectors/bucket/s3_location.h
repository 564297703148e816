// S3Location and S3Options: `s3://BUCKET/PREFIX` and what goes with it. Values; no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/options.h"
#include "tidemill/config_spec.h"
#include "tidemill/result.h"

namespace tidemill::bucket {

struct S3Options {
  aws::AwsOptions aws;
  std::optional<bool> path_style;

  /// Nothing of it was given.
  bool empty() const;
};

ConfigSpec<S3Options> s3_spec();

struct S3Location {
  std::string bucket;
  std::string prefix;  ///< Of keys: empty, or it ends with '/'.

  std::string url() const { return "s3://" + bucket + '/' + prefix; }
};

inline bool is_s3(std::string_view url) { return url.starts_with("s3:"); }

/// Errors: bad_config.
Result<S3Location> parse_s3_url(std::string_view url);

/// May a sink write this key to S3? Errors: bad_event.
Result<> check_s3_key(std::string_view key);

}  // namespace tidemill::bucket

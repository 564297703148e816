// What it means that an S3 server refuses something, and the sentence that says what to do about
// it. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "http_client/message.h"
#include "tidemill/result.h"

namespace tidemill::bucket {

/// Whom we speak to, and of what.
struct S3Server {
  std::string origin;
  std::string region;
  std::string bucket;
};

/// Of the bucket itself: bad_config for what a person has to mend, unavailable for what says
/// something of the server alone (5xx, 408, 429, SlowDown, RequestTimeout, keys that have expired).
Error refused(const S3Server& server, const http_client::Response& answer);

/// Of one object, "cannot DOING the object KEY: ...": never bad_config, since who we are and what
/// we may is just being changed where it has worked before: that is transient.
Error refused_to(std::string_view doing, std::string_view key, const S3Server& server,
                 const http_client::Response& answer);

/// The same for what did not come as far as an answer.
Error failed_to(std::string_view doing, std::string_view key, Error error);

}  // namespace tidemill::bucket

// Notifications of S3: messages that say which objects were created or removed. Pure functions over
// bytes from outside.
//
// AWS, MinIO and radosgw send nearly the same JSON, {"Records": [{"s3": {"bucket": {"name": ...},
// "object": {"key": ...}}}]}. Keys are encoded as in the query of a URL, a space is '+'; but not
// radosgw's, whose eventSource is "ceph:s3". Such a message may also lie in the envelope of a topic
// of SNS, {"Type": "Notification", "Message": "..."}, or be an event of EventBridge, {"source":
// "aws.s3", "detail": {"bucket": ..., "object": ...}}, which names one object by its key as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tidemill/result.h"

namespace tidemill::bucket {

/// What is to be looked at. Whether it is there says the bucket.
struct S3Notification {
  std::string bucket;
  std::string key;  ///< As it is in the bucket: decoded.

  friend bool operator==(const S3Notification&, const S3Notification&) = default;
};

/// Those of a message, in its order; none of `s3:TestEvent`, with which a service tries a new
/// configuration. Errors: bad_event, for what is no such message.
Result<std::vector<S3Notification>> parse_s3_notifications(std::string_view json);

}  // namespace tidemill::bucket

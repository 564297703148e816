// Object events: what a bucket source says about an object, in S3's words.
//
// The payload has the shape of `detail` in an EventBridge event of S3, and the type is the one of
// CloudEvents' S3 adapter, so that patterns and functions written for these work as they are.
// object.content-type and object.metadata are ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "object_metadata.h"
#include "tidemill/event.h"

namespace tidemill::bucket {

inline constexpr std::string_view created_type = "com.amazonaws.s3.ObjectCreated:Put";
inline constexpr std::string_view removed_type = "com.amazonaws.s3.ObjectRemoved:Delete";

/// Event::version of a removal is this and the version that is gone, so that stored progress tells
/// "reported as removed" from "settled".
inline constexpr std::string_view removed_prefix = "removed-";

struct CreatedObject {
  std::string_view key;
  std::uint64_t size = 0;
  std::uint64_t modified_ns = 0;  ///< Since the Unix epoch.
  std::uint64_t version = 0;
  std::string_view etag;  ///< Empty: the version's text.
  ObjectMetadata metadata;
};

/// All text of the event lives beside its payload. Partition and offset are the caller's to set.
Event created_event(std::string_view source, std::string_view bucket, const CreatedObject& object,
                    WallTime now);
Event removed_event(std::string_view source, std::string_view bucket, std::string_view key,
                    std::uint64_t version, WallTime now);

}  // namespace tidemill::bucket

// Object metadata: the content type and the user's own names and values, kept with the file.
//
//     user.tidemill.content-type    image/jpeg
//     user.tidemill.meta.NAME       VALUE
//
// Extended attributes move with a rename, need no second file and cannot be mistaken for an object.
// Where the file system has none (NFS, some FUSE), metadata is not kept: the content type then
// comes from the key's ending. Free functions; blocking, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tidemill/event.h"
#include "tidemill/result.h"

namespace tidemill::bucket {

struct ObjectMetadata {
  std::string content_type;                                ///< Never empty.
  std::vector<std::pair<std::string, std::string>> named;  ///< In byte order of names.
};

/// By the key's ending; application/octet-stream when it says nothing.
std::string_view content_type_of(std::string_view key);

/// What the open file `fd` says of itself; -1 and files without attributes: by the key's ending.
ObjectMetadata read_metadata(int fd, std::string_view key);

enum class Kept { yes, no };  ///< no: this file system keeps no attributes.

/// Writes the attributes of a new file. An empty content type is not stored.
///
/// Errors: bad_event (more than the file system holds, or a name that is none), transient.
Result<Kept> write_metadata(int fd, std::string_view content_type,
                            std::span<const Attribute> metadata);

}  // namespace tidemill::bucket

// What all that write objects have in common. Free functions; blocking, thread-safe.
#pragma once

#include <expected>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::bucket {

/// "cannot DOING the object KEY: ...": bad_event for what can never succeed with this key,
/// bad_config for a bucket that lies across file systems, else transient.
std::unexpected<Error> fail_key(std::string_view doing, std::string_view key, int error);

/// 0, or an errno.
int write_all(int fd, std::string_view data);

}  // namespace tidemill::bucket

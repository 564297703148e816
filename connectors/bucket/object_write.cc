#include "object_write.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "tidemill/posix.h"

namespace tidemill::bucket {
namespace {

// What can never succeed with this key goes to the dead letters; all else may pass.
Fault fault_of(int error) {
  switch (error) {
    case ENAMETOOLONG:
    case EISDIR:
    case ENOTDIR:
    case ENOTEMPTY:
    case EEXIST:
    case ELOOP:
    case EINVAL:
    case EILSEQ:
      return Fault::bad_event;
    case EXDEV:
      return Fault::bad_config;
    default:
      return Fault::transient;
  }
}

}  // namespace

std::unexpected<Error> fail_key(std::string_view doing, std::string_view key, int error) {
  std::string what = "cannot " + std::string(doing) + " the object " + std::string(key);
  if (error == EISDIR || error == ENOTEMPTY || error == EEXIST)
    return fail(Fault::bad_event, what + ": there are objects below that key");
  if (error == ENOTDIR || error == ELOOP)
    return fail(Fault::bad_event, what + ": a part of the key is no folder");
  return fail_errno(fault_of(error), std::move(what), error);
}

int write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t put = ::write(fd, data.data(), data.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    data.remove_prefix(static_cast<std::size_t>(put));
  }
  return 0;
}

}  // namespace tidemill::bucket

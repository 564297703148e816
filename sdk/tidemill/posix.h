// Descriptor and fail_errno: what every connector that touches files needs of POSIX.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "tidemill/result.h"

namespace tidemill {

/// Owns one file descriptor and closes it; -1 is none. Not for descriptors whose close() must be
/// checked: what has to be durable is synced before.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// "what: No such file or directory". Takes errno as an argument, read before anything resets it.
inline std::unexpected<Error> fail_errno(Fault fault, std::string what, int error = errno) {
  return fail(fault, std::move(what) + ": " + std::generic_category().message(error));
}

}  // namespace tidemill

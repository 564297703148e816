// UnixAddress: a path as the address of a Unix socket, however long the path is.
//
// The kernel takes 107 bytes. A longer path is reached through /proc/self/fd/N/NAME, where N is a
// descriptor of the folder; it stays open as long as this object.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <string>
#include <utility>

#include "tidemill/result.h"

namespace tidemill {

class UnixAddress {
 public:
  /// Errors: bad_config, if the folder cannot be opened or the file's own name is too long.
  static Result<UnixAddress> of(const std::string& path);

  UnixAddress(UnixAddress&& other) noexcept
      : folder_(std::exchange(other.folder_, -1)), path_(std::move(other.path_)) {}
  UnixAddress& operator=(UnixAddress&&) = delete;
  ~UnixAddress();

  boost::asio::generic::stream_protocol::endpoint endpoint() const;

 private:
  UnixAddress(int folder, std::string path) : folder_(folder), path_(std::move(path)) {}

  int folder_ = -1;  // -1: the path fits as it is.
  std::string path_;
};

}  // namespace tidemill

#include "core/admin/unix_address.h"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tidemill {

namespace {

constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

Result<UnixAddress> UnixAddress::of(const std::string& path) {
  if (path.size() <= path_bytes_max) return UnixAddress(-1, path);

  const std::filesystem::path whole(path);
  const std::string folder = whole.parent_path().string();
  const int descriptor = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return fail(Fault::bad_config, "cannot open " + folder + ": " + std::strerror(errno));
  UnixAddress address(
      descriptor, "/proc/self/fd/" + std::to_string(descriptor) + "/" + whole.filename().string());
  if (address.path_.size() > path_bytes_max)
    return fail(Fault::bad_config, "the name of the socket " + path + " is too long");
  return address;
}

UnixAddress::~UnixAddress() {
  if (folder_ >= 0) ::close(folder_);
}

boost::asio::generic::stream_protocol::endpoint UnixAddress::endpoint() const {
  return boost::asio::local::stream_protocol::endpoint(path_);
}

}  // namespace tidemill

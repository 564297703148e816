#include "core/invoke/fingerprint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <map>

namespace tidemill {
namespace {

std::string hash_hex(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Result<std::string> fingerprint_of_file(const std::string& path) {
  const auto unreadable = [&path] {
    return fail(Fault::bad_config, fmt::format("{} cannot be read: {}", path, strerror(errno)));
  };
  const OpenFile file(path);
  struct stat status{};
  if (file.fd() < 0 || fstat(file.fd(), &status) != 0) return unreadable();
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return hash_hex({});
  // The pages are those that dlopen has just brought in: mapping them costs no second read.
  void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.fd(), 0);
  if (bytes == MAP_FAILED) return unreadable();
  auto hex = hash_hex({static_cast<const char*>(bytes), size});
  munmap(bytes, size);
  return hex;
}

std::string fingerprint_of(std::string_view binary_hash, const ResolvedOptions& options) {
  // Sorted by name; equal names, the elements of a list, keep their order.
  const std::multimap<std::string_view, std::string_view> sorted(options.begin(), options.end());
  std::string all(binary_hash);
  // Sizes in front of the texts: no two different lists of options run into the same bytes.
  for (const auto& [name, value] : sorted)
    all += fmt::format("\n{}:{}={}:{}", name.size(), name, value.size(), value);
  return hash_hex(all);
}

}  // namespace tidemill

#include "object_file.h"

#include <fcntl.h>

#include <array>
#include <charconv>
#include <csignal>
#include <optional>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "object_key.h"

namespace tidemill::bucket {
namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// O_NONBLOCK: a pipe that someone left in the folder must not block us.
constexpr int object_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

std::string sized(std::uint64_t bytes) { return std::to_string(bytes) + " bytes"; }

Fault fault_of(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO || error == EINTR
             ? Fault::transient
             : Fault::bad_event;
}

std::expected<Descriptor, int> open_object(const std::string& root, std::string_view key) {
  const auto [folder, name] = split(key);
  auto parent = open_folder(root, folder);
  if (!parent) return std::unexpected(parent.error());
  Descriptor file(::openat(parent->get(), std::string(name).c_str(), object_flags));
  if (!file) return std::unexpected(errno);
  return file;
}

// Fewer bytes than `text` holds: the file shrank meanwhile. An errno is in the error.
std::expected<std::size_t, int> read_up_to(int fd, char* text, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t got = ::read(fd, text + done, bytes - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

std::expected<Descriptor, int> open_folder(const std::string& root, std::string_view path,
                                           Missing missing) {
  Descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return std::unexpected(errno);
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string part(path.substr(0, slash));
    Descriptor next(::openat(folder.get(), part.c_str(), folder_flags));
    if (!next && errno == ENOENT && missing == Missing::create) {
      if (::mkdirat(folder.get(), part.c_str(), 0777) != 0 && errno != EEXIST)
        return std::unexpected(errno);
      if (::fsync(folder.get()) != 0) return std::unexpected(errno);
      next = Descriptor(::openat(folder.get(), part.c_str(), folder_flags));
    }
    if (!next) return std::unexpected(errno);
    folder = std::move(next);
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
  }
  return folder;
}

std::expected<struct stat, int> stat_object(const std::string& root, std::string_view key) {
  const auto [folder, name] = split(key);
  auto parent = open_folder(root, folder);
  if (!parent) return std::unexpected(parent.error());
  struct stat status{};
  if (::fstatat(parent->get(), std::string(name).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return std::unexpected(errno);
  return status;
}

std::uint64_t version_of(const struct stat& status) {
  const std::array<std::uint64_t, 4> parts{static_cast<std::uint64_t>(status.st_mtim.tv_sec),
                                           static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
                                           static_cast<std::uint64_t>(status.st_size),
                                           static_cast<std::uint64_t>(status.st_ino)};
  const std::uint64_t version = XXH3_64bits(parts.data(), sizeof parts);
  return version == 0 ? 1 : version;  // 0 means "none" below.
}

std::string version_text(std::uint64_t version) {
  std::string text(16, '0');
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), version, 16).ptr;
  const auto count = static_cast<std::size_t>(end - digits.data());
  return text.replace(text.size() - count, count, digits.data(), count);
}

std::uint64_t version_number(std::string_view text) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version, 16);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && text.size() == 16 ? version : 0;
}

// The kernel grants a read lease only while nobody has the file open for writing. Should a writer
// come along in the microsecond we hold it, the kernel tells us by a signal; SIGURG because that
// one is ignored unless someone asks for it, while the default would end the process.
bool is_being_written(int fd) {
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return false;
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  std::ignore = ::fcntl(fd, F_SETLEASE, F_UNLCK);  // Closing gives it back too.
  return false;
}

Result<Bytes> read_whole(const std::string& root, std::string_view key, std::uint64_t bytes_max) {
  const auto about = [key] { return "cannot read the object " + std::string(key); };
  auto file = open_object(root, key);
  if (!file) return fail_errno(fault_of(file.error()), about(), file.error());
  struct stat status{};
  if (::fstat(file->get(), &status) != 0) return fail_errno(Fault::transient, about());
  if (!S_ISREG(status.st_mode)) return fail(Fault::bad_event, about() + ": it is not a file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > bytes_max)
    return fail(Fault::bad_event,
                about() + ": it has " + sized(size) + ", more than " + sized(bytes_max));
  std::string content;
  std::optional<int> error;
  content.resize_and_overwrite(size, [&](char* text, std::size_t bytes) {
    const auto done = read_up_to(file->get(), text, bytes);
    if (!done) error = done.error();
    return done.value_or(0);
  });
  if (error) return fail_errno(Fault::transient, about(), *error);
  if (content.size() != size)
    return fail(Fault::bad_event, about() + ": it shrank from " + sized(size) + " to " +
                                      sized(content.size()) + " while it was read");
  return Bytes::adopt(std::move(content));
}

}  // namespace tidemill::bucket

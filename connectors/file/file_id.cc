#include "file_id.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tidemill/posix.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tidemill::file {
namespace {

// With so long a beginning in common it is the same file, even if its device has another number
// since the machine was started.
constexpr std::uint32_t head_bytes_telling = 64;

// Reads up to `bytes` of the beginning into the id. False: errno says why.
bool read_head(FileId& id, int file, std::size_t bytes) {
  std::array<char, FileId::head_bytes_max> head;
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t got = ::pread(file, head.data() + have, bytes - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  id.head_bytes = static_cast<std::uint32_t>(have);
  id.head_hash = have == 0 ? 0 : XXH3_64bits(head.data(), have);
  return true;
}

}  // namespace

Result<FileId> identify(int file) {
  struct stat status{};
  FileId id;
  if (::fstat(file, &status) != 0 || !read_head(id, file, FileId::head_bytes_max))
    return fail_errno(Fault::transient, "cannot look at a file");
  id.device = status.st_dev;
  id.inode = status.st_ino;
  return id;
}

bool is_same(const FileId& known, int file, const FileId& now) {
  if (known.inode != now.inode || known.head_bytes > now.head_bytes) return false;
  if (known.device != now.device && known.head_bytes < head_bytes_telling) return false;
  if (known.head_bytes == now.head_bytes) return known.head_hash == now.head_hash;
  FileId as_then;
  return read_head(as_then, file, known.head_bytes) && as_then.head_bytes == known.head_bytes &&
         as_then.head_hash == known.head_hash;
}

}  // namespace tidemill::file

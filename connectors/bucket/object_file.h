// Object files: opening them without ever leaving the root, telling their versions apart, reading
// them whole.
//
// Free functions; blocking, thread-safe. The root is a path, opened anew each time: a descriptor
// kept open would hide from everyone that the folder was removed. Errors are errno values where the
// caller decides by them, Results where people read them.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "tidemill/bytes.h"
#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill::bucket {

enum class Missing { fail, create };

/// Opens the folder `path` (relative, "" is the root itself) below the folder at the absolute path
/// `root`, one part at a time and following no symlink below the root, so that nothing outside can
/// be reached whatever someone puts there. With Missing::create, parts that are missing are made,
/// and the folder each was made in is synced so that it survives a power cut.
std::expected<Descriptor, int> open_folder(const std::string& root, std::string_view path,
                                           Missing missing = Missing::fail);

/// stat of the object `key` below `root`; an errno when it cannot be reached.
std::expected<struct stat, int> stat_object(const std::string& root, std::string_view key);

/// Which content this is: the same number as long as nobody writes to the file or replaces it.
/// Made of modification time, size and inode; part of the stored progress, so never change it.
std::uint64_t version_of(const struct stat& status);
std::string version_text(std::uint64_t version);

/// 0 for text that is no version.
std::uint64_t version_number(std::string_view text);

/// Is someone writing to this file right now? Exact where the file system has leases (ext4, xfs,
/// btrfs, tmpfs), and false where it has none.
bool is_being_written(int fd);

/// The whole of the object `key`.
///
/// Errors: bad_event (gone, larger than `bytes_max`, not a file, unreadable), transient.
Result<Bytes> read_whole(const std::string& root, std::string_view key, std::uint64_t bytes_max);

}  // namespace tidemill::bucket

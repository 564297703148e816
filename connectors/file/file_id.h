// FileId: which file it is, whatever it is called: its inode and how it begins.
//
// The inode alone would not do: a file system gives the number of a removed file to the next one.
// Values and free functions; any thread.
#pragma once

#include <cstdint>

#include "tidemill/result.h"

namespace tidemill::file {

struct FileId {
  static constexpr std::uint32_t head_bytes_max = 1024;

  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint32_t head_bytes = 0;  ///< So many first bytes were looked at ...
  std::uint64_t head_hash = 0;   ///< ... and have this hash.

  friend bool operator==(const FileId&, const FileId&) = default;
};

/// What an open file is.
///
/// Errors: transient.
Result<FileId> identify(int file);

/// Is the open file, which is `now`, the one that was `known`? It may have grown since.
bool is_same(const FileId& known, int file, const FileId& now);

}  // namespace tidemill::file

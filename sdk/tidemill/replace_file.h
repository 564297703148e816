// replace_file: a small file of a connector's own below the data folder, written so that it is
// whole under its name or as it was before, whenever the power goes. Blocking; for pool threads.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill {

/// Makes the folders above it as well. Errors: transient.
inline Result<> replace_file(const std::string& path, std::string_view text) {
  const std::string about = "cannot write " + path;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail_errno(Fault::transient, about, error.value());
  const std::string beside = path + ".new";
  const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file) return fail_errno(Fault::transient, about);
  while (!text.empty()) {
    const ssize_t put = ::write(file.get(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno(Fault::transient, about);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(file.get()) != 0 || std::rename(beside.c_str(), path.c_str()) != 0)
    return fail_errno(Fault::transient, about);
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return fail_errno(Fault::transient, about);
  return {};
}

}  // namespace tidemill

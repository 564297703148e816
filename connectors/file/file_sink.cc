#include "file_sink.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace tidemill::file {

FileSink::FileSink(std::string path, Envelope envelope, Services services)
    : path_(std::move(path)), envelope_(envelope), services_(std::move(services)) {}

SinkTraits FileSink::traits() const {
  return {.idempotence = idempotence,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = false};
}

std::string FileSink::place() const { return "file:" + path_; }

Task<Result<>> FileSink::open() {
  auto work = [this] { return open_file(); };
  auto opened = co_await run_blocking(services_.scheduler, std::move(work));
  co_return opened;
}

Result<> FileSink::open_file() {
  const std::string about = "cannot append to the file " + path_;
  const auto folder = std::filesystem::path(path_).parent_path();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail_errno(Fault::bad_config, about, error.value());
  file_ = Descriptor();
  Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!file) {
    const bool for_a_person = errno == EACCES || errno == EISDIR || errno == EROFS;
    return fail_errno(for_a_person ? Fault::bad_config : Fault::transient, about);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail_errno(Fault::transient, about);
  if (!S_ISREG(status.st_mode)) return fail(Fault::bad_config, about + ": it is no regular file");
  // Two writers would cut off each other's lines.
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Fault::bad_config,
                about + ": another sink writes to it; give each sink a path of its own");
  // A new file survives a power cut only once its folder is synced.
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return fail_errno(Fault::transient, about);
  file_ = std::move(file);
  return cut_torn_line();
}

Result<> FileSink::cut_torn_line() {
  const std::string about = "cannot repair the file " + path_;
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) return fail_errno(Fault::transient, about);
  const off_t size = status.st_size;
  off_t keep = size;
  std::array<char, 64 * 1024> block;
  bool found = false;
  while (keep > 0 && !found) {
    const off_t start = std::max<off_t>(0, keep - static_cast<off_t>(block.size()));
    const auto bytes = static_cast<std::size_t>(keep - start);
    const ssize_t got = ::pread(file_.get(), block.data(), bytes, start);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(bytes)) return fail_errno(Fault::transient, about);
    const auto newline = std::string_view(block.data(), bytes).rfind('\n');
    found = newline != std::string_view::npos;
    keep = found ? start + static_cast<off_t>(newline) + 1 : start;
  }
  may_be_torn_ = false;
  if (keep == size) return {};
  if (::ftruncate(file_.get(), keep) != 0 || ::fdatasync(file_.get()) != 0)
    return fail_errno(Fault::transient, about);
  services_.log.write(LogLevel::warning, "cut off a torn line of " + std::to_string(size - keep) +
                                             " bytes at the end of " + path_);
  return {};
}

Task<std::vector<Result<>>> FileSink::write(SinkBatch batch) {
  lines_.clear();
  std::vector<Result<>> results;
  for (const Effect& effect : batch.effects) append_message_line(lines_, envelope_, batch, effect);
  auto work = [this] { return append(lines_); };
  const auto appended = co_await run_blocking(services_.scheduler, std::move(work));
  if (!appended) results.assign(batch.effects.size(), std::unexpected(appended.error()));
  co_return results;
}

// Runs on the pool.
Result<> FileSink::append(std::string_view lines) {
  const std::string about = "cannot append to the file " + path_;
  if (may_be_torn_)
    if (auto repaired = cut_torn_line(); !repaired) return repaired;
  struct stat before{};
  if (::fstat(file_.get(), &before) != 0) return fail_errno(Fault::transient, about);
  while (!lines.empty()) {
    const ssize_t put = ::write(file_.get(), lines.data(), lines.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const int error = errno;
      may_be_torn_ = ::ftruncate(file_.get(), before.st_size) != 0;
      return fail_errno(Fault::transient, about, error);
    }
    lines.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fdatasync(file_.get()) != 0) return fail_errno(Fault::transient, about);
  return {};
}

Task<> FileSink::close() {
  file_ = Descriptor();
  co_return;
}

}  // namespace tidemill::file

#include "open_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace tidemill::file {
namespace {

using records::Compression;

Compression compression_of(Compression configured, const std::string& name, int file) {
  if (configured != Compression::automatic) return configured;
  if (const auto named = records::compression_of_name(name); named != Compression::automatic)
    return named;
  std::array<char, 4> bytes{};
  const ssize_t got = ::pread(file, bytes.data(), bytes.size(), 0);
  if (got <= 0) return Compression::automatic;
  return records::compression_of_beginning({bytes.data(), static_cast<std::size_t>(got)})
      .value_or(Compression::automatic);
}

}  // namespace

Result<Descriptor> open_regular(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return file;
  if (!file)
    return fail_errno(errno == EACCES ? Fault::bad_config : Fault::transient,
                      "cannot open the file " + path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0)
    return fail_errno(Fault::transient, "cannot look at the file " + path);
  if (!S_ISREG(status.st_mode))
    return fail(Fault::bad_config, "path takes a regular file, got: " + path);
  return file;
}

OpenFile::OpenFile(Descriptor file, const FileId& id, Compression compression,
                   const std::string& name, std::uint64_t resume_at)
    : file_(std::move(file)),
      id_(id),
      compression_(compression_of(compression, name, file_.get())),
      decoder_(compression_, [this](std::span<char> room) { return read_raw(room); }),
      resume_at_(resume_at) {
  std::ignore = ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

Result<std::size_t> OpenFile::read_to(records::RecordReader& reader) {
  skip_to_resume(reader);
  const auto room = reader.room();
  if (resume_at_ > 0 && reader.knows_columns()) {
    // An archive is read through to get there.
    const std::uint64_t wanted = std::min<std::uint64_t>(room.size(), resume_at_ - decoded_);
    const auto got = decoder_.read(room.first(static_cast<std::size_t>(wanted)));
    if (got) decoded_ += *got;
    skip_to_resume(reader);
    return got;
  }
  const auto got = decoder_.read(room);
  if (!got) return got;
  decoded_ += *got;
  reader.filled(*got);
  std::ignore = reader.knows_columns();  // Now is the time to look for the header.
  skip_to_resume(reader);
  return got;
}

// Drops what is not wanted, as soon as the columns are known. A plain file is not read for it.
void OpenFile::skip_to_resume(records::RecordReader& reader) {
  if (resume_at_ == 0 || !reader.knows_columns()) return;
  const bool plain = compression_ == Compression::none;
  if (plain && decoded_ < resume_at_) raw_at_ = decoded_ = resume_at_;
  reader.skip_to(std::min(decoded_, resume_at_));
  if (decoded_ >= resume_at_) resume_at_ = 0;
}

Result<std::size_t> OpenFile::read_raw(std::span<char> room) {
  for (;;) {
    const ssize_t got = ::pread(file_.get(), room.data(), room.size(), static_cast<off_t>(raw_at_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(Fault::transient, "a read failed");
    raw_at_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }
}

bool OpenFile::was_cut() const {
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) return false;
  if (static_cast<std::uint64_t>(status.st_size) < raw_at_) return true;
  const auto now = identify(file_.get());
  return now && !is_same(id_, file_.get(), *now);
}

Result<bool> OpenFile::learn_beginning() {
  if (id_.head_bytes == FileId::head_bytes_max) return false;
  const std::uint64_t worth = std::max<std::uint64_t>(1, std::uint64_t{2} * id_.head_bytes);
  if (raw_at_ < std::min<std::uint64_t>(worth, FileId::head_bytes_max)) return false;
  const auto id = identify(file_.get());
  if (!id) return std::unexpected(id.error());
  id_ = *id;
  return true;
}

}  // namespace tidemill::file

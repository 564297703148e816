#include "line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tidemill::file {
namespace {

constexpr int byte_bits = 48;
constexpr std::uint64_t byte_mask = (std::uint64_t{1} << byte_bits) - 1;

// Below this much room a read is not worth its call: the chunk is left to its lines.
constexpr std::size_t room_min = 64 * 1024;

}  // namespace

void LineReader::seek(std::uint64_t offset) {
  file_ = Descriptor();
  generation_ = offset >> byte_bits;
  read_to_ = offset & byte_mask;
  chunk_.reset();
  capacity_ = begin_ = scanned_ = end_ = line_end_ = 0;
  dropped_ = 0;
  complete_ = false;
}

Result<LineReader::Fill> LineReader::read_more() {
  for (;;) {
    if (!file_) {
      const auto opened = open_file();
      if (!opened || *opened == Fill::missing) return opened;
    }
    make_room();
    const ssize_t got =
        ::pread(file_.get(), chunk_.get() + end_, capacity_ - end_, static_cast<off_t>(read_to_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(Fault::transient, "cannot read the file " + path_);
    if (got > 0) {
      end_ += static_cast<std::size_t>(got);
      read_to_ += static_cast<std::uint64_t>(got);
      return Fill::some;
    }
    const auto anew = began_anew();
    if (!anew) return std::unexpected(anew.error());
    if (*anew) continue;
    const bool rest_of_a_replaced_file = complete_ && end_ > begin_;
    return rest_of_a_replaced_file ? Fill::some : Fill::nothing;
  }
}

Result<LineReader::Fill> LineReader::open_file() {
  file_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file_ && errno == ENOENT) {
    if (!std::exchange(said_missing_, true))
      log_.write(LogLevel::info, "waiting for the file " + path_);
    return Fill::missing;
  }
  if (!file_)
    return fail_errno(errno == EACCES ? Fault::bad_config : Fault::transient,
                      "cannot open the file " + path_);
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0)
    return fail_errno(Fault::transient, "cannot look at the file " + path_);
  if (!S_ISREG(status.st_mode))
    return fail(Fault::bad_config, "path takes a regular file, got: " + path_);
  if (static_cast<std::uint64_t>(status.st_size) < read_to_) {
    auto file = std::move(file_);
    start_generation("is shorter than what was read of it");
    file_ = std::move(file);
  }
  return Fill::some;
}

// At the end of the file: was it cut, or did another one take its name?
Result<bool> LineReader::began_anew() {
  struct stat ours{};
  if (::fstat(file_.get(), &ours) != 0)
    return fail_errno(Fault::transient, "cannot look at the file " + path_);
  if (static_cast<std::uint64_t>(ours.st_size) < read_to_) {
    start_generation("was cut");
    return true;
  }
  struct stat named{};
  if (::stat(path_.c_str(), &named) != 0) return false;  // Renamed away; a new one may come.
  if (named.st_ino == ours.st_ino && named.st_dev == ours.st_dev) return false;
  if (end_ > begin_) {
    complete_ = true;  // Nobody will end its last line any more.
    return false;
  }
  start_generation("was replaced");
  return true;
}

void LineReader::start_generation(std::string_view why) {
  log_.write(LogLevel::info,
             "the file " + path_ + ' ' + std::string(why) + "; reading it from its beginning");
  seek((generation_ + 1) << byte_bits);
}

void LineReader::make_room() {
  if (chunk_ && capacity_ - end_ >= room_min) return;
  const std::size_t rest = end_ - begin_;
  const std::size_t capacity = rest + chunk_bytes;
  auto chunk = std::make_shared_for_overwrite<char[]>(capacity);
  if (rest > 0) std::memcpy(chunk.get(), chunk_.get() + begin_, rest);
  chunk_ = std::move(chunk);
  owner_ = std::make_shared<const Owner>(chunk_, name_);
  capacity_ = capacity;
  scanned_ = std::max(scanned_, begin_) - begin_;
  begin_ = 0;
  end_ = rest;
}

std::optional<Line> LineReader::peek() {
  while (begin_ < end_) {
    scanned_ = std::max(scanned_, begin_);
    const char* from = chunk_.get() + scanned_;
    const void* found = std::memchr(from, '\n', end_ - scanned_);
    if (found == nullptr) {
      if (complete_) return line_up_to(end_, end_);
      scanned_ = end_;
      let_go_of_oversized();
      return std::nullopt;
    }
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - chunk_.get());
    if (auto line = line_up_to(end, end + 1)) return line;
    begin_ = end + 1;  // An empty line.
  }
  return std::nullopt;
}

// Of a line that is too long already, keep what shows people which one it was.
void LineReader::let_go_of_oversized() {
  const std::size_t have = end_ - begin_;
  if (have + dropped_ <= line_max_ || have <= oversized_prefix_bytes) return;
  dropped_ += have - oversized_prefix_bytes;
  end_ = scanned_ = begin_ + oversized_prefix_bytes;
}

std::optional<Line> LineReader::line_up_to(std::size_t end, std::size_t next) {
  std::string_view text(chunk_.get() + begin_, end - begin_);
  const std::uint64_t whole = text.size() + dropped_;
  // read_to_ is the byte behind end_; what was dropped lay before it.
  const std::uint64_t start = read_to_ - (end_ - begin_) - dropped_;
  const std::uint64_t base = generation_ << byte_bits;
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  line_end_ = next;
  Line line{text, base + start, base + start + whole + (next - end), 0};
  if (whole > line_max_) {
    line.text = text.substr(0, oversized_prefix_bytes);
    line.oversized = whole;
  }
  return line;
}

void LineReader::take() {
  begin_ = line_end_;
  dropped_ = 0;
}

}  // namespace tidemill::file

#include "records/decoder.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tidemill::records {
namespace {

constexpr std::size_t input_bytes = std::size_t{64} * 1024;
constexpr std::size_t magic_bytes = 4;

constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view zstd_magic = "\x28\xb5\x2f\xfd";
// A zstd archive may begin with a frame that holds no data; its first byte is one of 16.
constexpr std::string_view skippable_magic = "\x2a\x4d\x18";

bool begins_alike(std::string_view a, std::string_view b) {
  const std::size_t both = std::min(a.size(), b.size());
  return a.substr(0, both) == b.substr(0, both);
}

bool may_be_zstd(std::string_view beginning) {
  if (begins_alike(beginning, zstd_magic)) return true;
  return (beginning[0] & 0xf0) == 0x50 && begins_alike(beginning.substr(1), skippable_magic);
}

}  // namespace

Compression compression_of_name(std::string_view name) {
  if (name.ends_with(".gz") || name.ends_with(".gzip")) return Compression::gzip;
  if (name.ends_with(".zst") || name.ends_with(".zstd")) return Compression::zstd;
  return Compression::automatic;
}

std::optional<Compression> compression_of_beginning(std::string_view beginning) {
  if (beginning.empty()) return std::nullopt;
  const bool gzip = begins_alike(beginning, gzip_magic);
  const bool zstd = may_be_zstd(beginning);
  if (!gzip && !zstd) return Compression::none;
  if (gzip && beginning.size() >= gzip_magic.size()) return Compression::gzip;
  if (zstd && beginning.size() >= zstd_magic.size()) return Compression::zstd;
  return std::nullopt;
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression) {
  return compression == Compression::gzip ? make_gzip_decompressor() : make_zstd_decompressor();
}

Result<std::size_t> Decoder::read(std::span<char> room) {
  if (compression_ == Compression::automatic) {
    const auto known = find_out();
    if (!known) return std::unexpected(known.error());
    if (!*known) return 0;
  }
  if (compression_ != Compression::none) return decompress(room);
  if (beginning_.empty()) return read_raw(room);
  const std::size_t count = beginning_.copy(room.data(), room.size());
  beginning_.erase(0, count);
  if (count == room.size()) return count;
  const auto more = read_raw(room.subspan(count));
  return count + more.value_or(0);  // An error comes again.
}

Result<std::size_t> Decoder::read_raw(std::span<char> room) {
  auto got = read_(room);
  if (got) raw_bytes_ += *got;
  return got;
}

// False: it takes more bytes.
Result<bool> Decoder::find_out() {
  std::array<char, magic_bytes> bytes;
  auto known = compression_of_beginning(beginning_);
  while (!known) {
    const auto got = read_raw(std::span(bytes).first(magic_bytes - beginning_.size()));
    if (!got) return std::unexpected(got.error());
    if (*got == 0 && !ended_) return false;
    beginning_.append(bytes.data(), *got);
    known = compression_of_beginning(beginning_);
    if (*got == 0) known = Compression::none;  // So short is no archive.
  }
  compression_ = *known;
  if (compression_ != Compression::none) waiting_ = beginning_;
  return true;
}

Result<std::size_t> Decoder::decompress(std::span<char> room) {
  if (!fault_.empty()) return damaged(fault_);
  for (;;) {
    if (waiting_.empty() && !more_inside_) {
      if (!input_) input_ = std::make_unique_for_overwrite<char[]>(input_bytes);
      const auto got = read_raw({input_.get(), input_bytes});
      if (!got) return got;
      if (*got == 0) {
        if (decompressor_ && decompressor_->complete()) decompressor_.reset();  // It has its size.
        if (ended_ && raw_bytes_ == 0) return damaged("it is empty");
        if (ended_ && decompressor_) return damaged("it ends in the middle");
        return 0;
      }
      waiting_ = {input_.get(), *got};
    }
    if (!decompressor_) decompressor_ = make_decompressor(compression_);
    const auto [used, written, fault] = decompressor_->step(waiting_, room);
    waiting_.remove_prefix(used);
    more_inside_ = written == room.size();
    fault_ = fault;
    if (written > 0) return written;
    if (!fault.empty()) return damaged(fault);
  }
}

std::unexpected<Error> Decoder::damaged(std::string_view how) const {
  const std::string_view format = compression_ == Compression::gzip ? "gzip" : "zstd";
  return fail(Fault::bad_config, "the " + std::string(format) +
                                     " archive is damaged within its first " +
                                     std::to_string(raw_bytes_) + " bytes: " + std::string(how));
}

}  // namespace tidemill::records

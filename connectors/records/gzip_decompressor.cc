#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "records/decompressor.h"

namespace tidemill::records {
namespace {

constexpr char magic = '\x1f';

uInt limited(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

class GzipDecompressor final : public Decompressor {
 public:
  GzipDecompressor() {
    constexpr int gzip_only = 16;
    if (::inflateInit2(&stream_, MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc();
  }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;
  ~GzipDecompressor() override { ::inflateEnd(&stream_); }

  Step step(std::string_view in, std::span<char> out) override {
    Step step;
    if (where_ == Where::behind_member) step = skip_to_member(in);
    if (!step.fault.empty() || where_ == Where::behind_member) return step;
    in.remove_prefix(step.used);
    // zlib does not write to its input; it only lacks the const.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    stream_.avail_in = limited(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = limited(out.size());
    const uInt offered = stream_.avail_in;
    const uInt room = stream_.avail_out;
    const int answer = ::inflate(&stream_, Z_NO_FLUSH);
    step.used += offered - stream_.avail_in;
    step.written = room - stream_.avail_out;
    if (step.used > 0 && where_ == Where::before_first) where_ = Where::in_member;
    if (answer == Z_STREAM_END)
      where_ = Where::behind_member;
    else if (answer == Z_MEM_ERROR)
      throw std::bad_alloc();
    else if (answer != Z_OK && answer != Z_BUF_ERROR)  // The latter: nothing to do for now.
      step.fault = stream_.msg != nullptr ? stream_.msg : "not in gzip format";
    return step;
  }

  bool complete() const override { return where_ == Where::behind_member; }

 private:
  enum class Where { before_first, in_member, behind_member };

  // Archives on tapes are filled up with zeros, so gzip takes them for nothing; so do we.
  Step skip_to_member(std::string_view in) {
    Step step{.used = std::min(in.find_first_not_of('\0'), in.size())};
    padded_ = padded_ || step.used > 0;
    if (step.used == in.size()) return step;
    if (padded_ || in[step.used] != magic) {
      step.fault = "trailing bytes that are no gzip member";
      return step;
    }
    ::inflateReset(&stream_);
    where_ = Where::in_member;
    return step;
  }

  z_stream stream_{};
  Where where_ = Where::before_first;
  bool padded_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_gzip_decompressor() {
  return std::make_unique<GzipDecompressor>();
}

}  // namespace tidemill::records

#include <zstd.h>

#include <new>

#include "records/decompressor.h"

namespace tidemill::records {
namespace {

class ZstdDecompressor final : public Decompressor {
 public:
  ZstdDecompressor() : stream_(::ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  ZstdDecompressor(const ZstdDecompressor&) = delete;
  ZstdDecompressor& operator=(const ZstdDecompressor&) = delete;
  ~ZstdDecompressor() override { ::ZSTD_freeDStream(stream_); }

  Step step(std::string_view in, std::span<char> out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    // Between two frames a call without bytes would begin the next one.
    if (in.empty() && complete_) return {};
    const std::size_t answer = ::ZSTD_decompressStream(stream_, &to, &from);
    Step step{.used = from.pos, .written = to.pos, .fault = {}};
    if (::ZSTD_isError(answer) != 0) {
      complete_ = false;
      step.fault = ::ZSTD_getErrorName(answer);
    } else {
      complete_ = answer == 0;
    }
    return step;
  }

  bool complete() const override { return complete_; }

 private:
  ZSTD_DStream* stream_;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_zstd_decompressor() {
  return std::make_unique<ZstdDecompressor>();
}

}  // namespace tidemill::records

// Payload: what one generated event says, a function of seed and index alone.
//
// RowPayload is what there is without a template:
//
//     {"n":17,"key":"key-42","value":907,"text":"Qk3x..."}
//
// `text` fills up to the wanted size. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::generate {

class Payload {
 public:
  virtual ~Payload() = default;

  /// Bytes that write() may need at most.
  virtual std::size_t bytes_max() const = 0;

  struct Written {
    std::string_view text;
    std::string_view key;  ///< A part of `text`, or empty.
  };

  /// Writes event `index` to `to`, which has room for bytes_max().
  virtual Written write(std::uint64_t index, char* to) const = 0;
};

class RowPayload final : public Payload {
 public:
  RowPayload(std::uint64_t seed, std::uint64_t bytes, std::uint32_t keys);

  std::size_t bytes_max() const override;
  Written write(std::uint64_t index, char* to) const override;

 private:
  std::uint64_t seed_;
  std::size_t bytes_;
  std::uint32_t keys_;
  std::string text_;  ///< Made-up letters; each event's text is a piece of it.
};

}  // namespace tidemill::generate

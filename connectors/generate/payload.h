// Payload: the JSON of one generated event, a function of seed and index alone.
//
//     {"n":17,"key":"key-42","value":907,"text":"Qk3x..."}
//
// `text` fills up to the wanted size. A value; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::generate {

class Payload {
 public:
  Payload(std::uint64_t seed, std::uint64_t bytes, std::uint32_t keys);

  /// Bytes that write() may need at most.
  std::size_t bytes_max() const;

  struct Written {
    std::string_view json;
    std::string_view key;  ///< A part of `json`.
  };

  /// Writes event `index` to `to`, which has room for bytes_max().
  Written write(std::uint64_t index, char* to) const;

 private:
  std::uint64_t seed_;
  std::size_t bytes_;
  std::uint32_t keys_;
  std::string text_;  ///< Made-up letters; each event's text is a piece of it.
};

}  // namespace tidemill::generate

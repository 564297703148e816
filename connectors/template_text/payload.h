// Payload: what one event of a source that makes its own events says, a function of the event's
// index alone. Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidemill::template_text {

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

}  // namespace tidemill::template_text

// Big-endian bytes of the store's keys and values: appending to a string, reading from a view.
//
// Everything core/state writes goes through these, so that a folder reads the same on any machine
// and integers in keys sort as numbers. No allocation beyond the string appended to.
//
// A reader never reads past its end: it answers zeros and empty views from there on, and ok() tells
// afterwards. So a decoder reads a whole value first and checks once.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::state {

template <std::unsigned_integral T>
void append_big_endian(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    bytes[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * (sizeof(T) - 1 - i))));
  }
  out.append(bytes, sizeof(T));
}

inline void append_byte(std::string& out, std::uint8_t value) { out += static_cast<char>(value); }

/// A u32 length, then the bytes.
inline void append_sized(std::string& out, std::string_view text) {
  append_big_endian(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <std::unsigned_integral T>
  T big_endian() {
    T value = 0;
    for (const char byte : take(sizeof(T))) {
      // Widened by hand: shifting a one-byte T by 8 would be undefined after promotion rules.
      value = static_cast<T>((std::uint64_t{value} << 8) | static_cast<unsigned char>(byte));
    }
    return value;
  }

  std::uint8_t byte() { return big_endian<std::uint8_t>(); }

  std::string_view sized() { return take(big_endian<std::uint32_t>()); }

  /// The next `size` bytes; nothing at all when fewer are left.
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest() const { return rest_; }

  /// False once something was asked for that was not there.
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tidemill::state

// What the arms of bench_state are given: events to count, rows to put. Made before the clock runs,
// the same for every arm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::bench {

/// JSON events of 500 bytes, each of one of `keys` users, drawn evenly.
class Events {
 public:
  Events(std::size_t count, std::size_t keys);

  std::size_t size() const { return begins_.size(); }

  /// One event; behind it lie as many more bytes as simdjson wants to read.
  std::string_view at(std::size_t i) const {
    const std::size_t end = i + 1 < begins_.size() ? begins_[i + 1] : text_end_;
    return std::string_view(text_).substr(begins_[i], end - begins_[i]);
  }
  std::size_t readable_from(std::size_t i) const { return text_.size() - begins_[i]; }

  /// The user of each, as parsing finds it.
  const std::vector<std::string>& users() const { return users_; }

 private:
  std::string text_;
  std::size_t text_end_ = 0;
  std::vector<std::size_t> begins_;
  std::vector<std::string> users_;
};

/// The next of a row of numbers that look random and are the same every time.
class Draws {
 public:
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace tidemill::bench

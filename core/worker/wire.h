// Wire: the structs that a request and an answer consist of in the areas of a channel, and the
// cursors that write and read them. Both processes are the same binary, so native layout and byte
// order do; every offset counts from the start of its area. docs/internals/worker-channel.md shows
// the whole.
//
// Pure. Writers never write past their area; readers never read past what they were given, however
// wrong the numbers in it are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tidemill::worker {

/// A text in the same area.
struct Text {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

struct Pair {
  Text name;
  Text value;
};

/// Of a request. Its events follow as the structs that the plugin gets (wire_request.h).
struct RequestHead {
  std::uint64_t invocation = 0;
  std::uint64_t bytes = 0;  ///< Of the whole request.
  std::uint64_t timeout_us = 0;
  std::uint64_t seed = 0;
  std::uint32_t attempt = 0;
  std::uint32_t event_count = 0;
  Text request_id;
};

/// A text of an answer: in the answer's own area, or a part of the event that caused the effect,
/// which the engine has already.
struct Reference {
  std::uint32_t field = 0;  ///< 0: the answer's area; else a field of the event, see event_field().
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

struct AnswerHead {
  std::uint64_t invocation = 0;
  std::uint32_t failed = 0;  ///< 1: the batch failed as a whole, for `reason`.
  std::uint32_t fault = 0;   ///< Of a failed batch: transient or bad_event.
  std::uint32_t reserved = 0;
  std::uint32_t effect_count = 0;
  std::uint32_t failure_count = 0;
  std::uint32_t pair_count = 0;
  Text reason;
};

struct WireEffect {
  std::int64_t operand = 0;
  std::uint32_t kind = 0;
  std::uint32_t merge = 0;
  std::uint32_t event = 0;
  std::uint32_t output = 0;
  std::uint32_t pair_count = 0;
  Reference key, content_type, data;
};

struct WireFailure {
  std::uint32_t event = 0;
  std::uint32_t fault = 0;
  Text reason;
};

/// Fills an area from its start. After fits() turned false the area holds nothing of use.
class AreaWriter {
 public:
  explicit AreaWriter(std::span<char> area) : area_(area) {}

  /// Room for `count` structs, aligned; an empty span when there is none.
  template <class T>
  std::span<T> structs(std::size_t count) {
    used_ = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
    char* room = take(count * sizeof(T));
    return room == nullptr ? std::span<T>() : std::span<T>(reinterpret_cast<T*>(room), count);
  }

  Text text(std::string_view text) {
    if (text.empty()) return {};
    const auto offset = static_cast<std::uint32_t>(used_);
    char* room = take(text.size());
    if (room == nullptr) return {};
    std::memcpy(room, text.data(), text.size());
    return {offset, static_cast<std::uint32_t>(text.size())};
  }

  bool fits() const { return fits_; }
  std::size_t used() const { return used_; }

 private:
  char* take(std::size_t bytes) {
    if (used_ > area_.size() || bytes > area_.size() - used_) {
      fits_ = false;
      return nullptr;
    }
    char* room = area_.data() + used_;
    used_ += bytes;
    return room;
  }

  std::span<char> area_;
  std::size_t used_ = 0;
  bool fits_ = true;
};

/// Reads what an AreaWriter wrote, or what claims to be that. `area` is aligned as a new'ed array.
class AreaReader {
 public:
  explicit AreaReader(std::string_view area) : area_(area) {}

  /// The next `count` structs; an empty span, and sound() false, when they are not all there.
  template <class T>
  std::span<const T> structs(std::size_t count) {
    const std::size_t start = (used_ + alignof(T) - 1) / alignof(T) * alignof(T);
    if (start > area_.size() || count > (area_.size() - start) / sizeof(T)) {
      sound_ = false;
      return {};
    }
    used_ = start + count * sizeof(T);
    return {reinterpret_cast<const T*>(area_.data() + start), count};
  }

  std::string_view text(Text text) {
    if (text.offset > area_.size() || text.size > area_.size() - text.offset) {
      sound_ = false;
      return {};
    }
    return area_.substr(text.offset, text.size);
  }

  bool sound() const { return sound_; }
  void spoil() { sound_ = false; }

 private:
  std::string_view area_;
  std::size_t used_ = 0;
  bool sound_ = true;
};

}  // namespace tidemill::worker

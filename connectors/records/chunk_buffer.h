// ChunkBuffer: the bytes of a stream that nobody has consumed yet, in chunks that others may keep.
//
// Bytes are read straight into room(), and what is cut out of them is a view into the chunk that
// shares owner(): a chunk lives as long as one of its views. Only the rest that a chunk ends with
// is copied, to the front of the next one. One thread at a time; views may die on any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace tidemill::records {

class ChunkBuffer {
 public:
  static constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;

  /// `keep` lives as long as any view does, too.
  explicit ChunkBuffer(std::shared_ptr<const void> keep) : keep_(std::move(keep)) {}

  std::string_view bytes() const { return {chunk_.get() + begin_, end_ - begin_}; }

  /// Below this much room a read is not worth its call: the chunk is left to its views.
  static constexpr std::size_t room_min = std::size_t{64} * 1024;

  /// Where to write to. Moves bytes(), and invalidates no view with an owner.
  std::span<char> room(std::size_t at_least = room_min);
  void filled(std::size_t count) { end_ += count; }

  /// Drops the first so many bytes.
  void consume(std::size_t count) { begin_ += count; }

  /// Drops what lies behind the first so many bytes.
  void truncate(std::size_t count) { end_ = begin_ + count; }

  /// Holds no more memory than bytes() need.
  void shrink();
  void clear() { begin_ = end_ = 0, chunk_.reset(), owner_.reset(), capacity_ = 0; }

  /// Keeps the chunk of bytes() alive.
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  void move_to_chunk_of(std::size_t capacity);

  struct Owner {
    std::shared_ptr<const char[]> chunk;
    std::shared_ptr<const void> keep;
  };

  std::shared_ptr<const void> keep_;
  std::shared_ptr<char[]> chunk_;
  std::shared_ptr<const void> owner_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  ///< bytes() are [begin_, end_) of the chunk.
  std::size_t end_ = 0;
};

}  // namespace tidemill::records

#include "records/chunk_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tidemill::records {
std::span<char> ChunkBuffer::room(std::size_t at_least) {
  const std::size_t rest = end_ - begin_;
  // As much again as there is: a long record is not copied again for every read.
  if (capacity_ - end_ < at_least) move_to_chunk_of(rest + std::max({chunk_bytes, rest, at_least}));
  return {chunk_.get() + end_, capacity_ - end_};
}

void ChunkBuffer::shrink() {
  const std::size_t rest = end_ - begin_;
  if (rest == 0)
    clear();
  else if (rest < capacity_)
    move_to_chunk_of(rest);
}

void ChunkBuffer::move_to_chunk_of(std::size_t capacity) {
  const std::size_t rest = end_ - begin_;
  auto chunk = std::make_shared_for_overwrite<char[]>(capacity);
  if (rest > 0) std::memcpy(chunk.get(), chunk_.get() + begin_, rest);
  chunk_ = std::move(chunk);
  owner_ = std::make_shared<const Owner>(chunk_, keep_);
  capacity_ = capacity;
  begin_ = 0;
  end_ = rest;
}

}  // namespace tidemill::records

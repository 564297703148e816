// ResponseMemory: where the memory of responses comes from. It keeps the last large block for the
// next response: one that the allocator hands back to the kernel after each batch costs more in
// page faults than the rest of the invocation (63 ns per event instead of 20, at 1 000 events).
//
// Part of one NativeCall; one thread at a time. Memory that is not given back is not freed here.
#pragma once

#include <cstddef>

namespace tidemill {

class ResponseMemory {
 public:
  ResponseMemory() = default;
  ~ResponseMemory();
  ResponseMemory(const ResponseMemory&) = delete;
  ResponseMemory& operator=(const ResponseMemory&) = delete;

  /// `alignment` is a power of two. Null when the machine has no more.
  void* allocate(std::size_t bytes, std::size_t alignment) noexcept;

  /// With the numbers it was allocated by.
  void deallocate(void* memory, std::size_t bytes, std::size_t alignment) noexcept;

 private:
  void* kept_ = nullptr;
  std::size_t kept_bytes_ = 0;  ///< At least this large.
};

}  // namespace tidemill

#include "core/invoke/response_memory.h"

#include <new>

namespace tidemill {
namespace {

// Below, the allocator is fast; above, a block is too much to keep for nothing.
constexpr std::size_t kept_bytes_min = 4 * 1024;
constexpr std::size_t kept_bytes_max = 2 * 1024 * 1024;

// A kept block serves what fills at least this part of it.
constexpr std::size_t fill_divisor = 4;

bool over_aligned(std::size_t alignment) { return alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__; }

}  // namespace

ResponseMemory::~ResponseMemory() { ::operator delete(kept_); }

void* ResponseMemory::allocate(std::size_t bytes, std::size_t alignment) noexcept {
  if (over_aligned(alignment))
    return ::operator new(bytes, std::align_val_t(alignment), std::nothrow);
  if (bytes <= kept_bytes_ && bytes >= kept_bytes_ / fill_divisor && kept_ != nullptr) {
    void* memory = kept_;
    kept_ = nullptr;
    kept_bytes_ = 0;
    return memory;
  }
  return ::operator new(bytes, std::nothrow);
}

void ResponseMemory::deallocate(void* memory, std::size_t bytes, std::size_t alignment) noexcept {
  if (over_aligned(alignment)) {
    ::operator delete(memory, std::align_val_t(alignment));
    return;
  }
  if (bytes < kept_bytes_min || bytes > kept_bytes_max || bytes <= kept_bytes_) {
    ::operator delete(memory);
    return;
  }
  ::operator delete(kept_);
  kept_ = memory;
  kept_bytes_ = bytes;
}

}  // namespace tidemill

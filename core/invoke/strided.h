// Strided: an array of C structs from across the ABI, whose elements may be larger than those this
// engine was compiled with. Views memory it does not own; pure.
#pragma once

#include <cstddef>

namespace tidemill {

/// T starts with `uint32_t size`, as every struct of function_abi.h that may grow does.
template <class T>
class Strided {
 public:
  Strided(const T* first, std::size_t count, std::size_t stride)
      : first_(reinterpret_cast<const char*>(first)), count_(count), stride_(stride) {}

  /// Whether every element can be read as a T. Ask before the first access.
  bool well_formed() const {
    if (count_ == 0) return true;
    if (first_ == nullptr || stride_ < sizeof(T) || stride_ % alignof(T) != 0) return false;
    for (std::size_t i = 0; i < count_; ++i)
      if ((*this)[i].size < sizeof(T)) return false;
    return true;
  }

  std::size_t size() const { return count_; }
  const T& operator[](std::size_t i) const {
    return *reinterpret_cast<const T*>(first_ + i * stride_);
  }

 private:
  const char* first_;
  std::size_t count_;
  std::size_t stride_;
};

}  // namespace tidemill

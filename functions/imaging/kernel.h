// Kernel: the Lanczos-3 weights that turn one row (or column) of samples into a shorter one.
//
// Weights are fixed point with kernel_bits fractional bits and add up to exactly one, so that a
// flat area keeps its value.
#pragma once

#include <cstdint>
#include <vector>

namespace tidemill::imaging {

inline constexpr int kernel_bits = 14;

/// One direction of a scaling. Extents are the true lengths in samples: a plane decoded at an
/// eighth of 1001 pixels has 126 samples that cover 125.125 of them. Scaling by extents keeps
/// planes of different resolution in register.
struct Axis {
  int in = 1;
  int out = 1;
  double in_extent = 1;
  double out_extent = 1;
  /// True when the picture will be flipped along this axis: the last output sample, if only part
  /// of it lies inside the picture, must then be the first.
  bool flipped = false;

  double scale() const { return in_extent / out_extent; }  ///< Input samples per output sample.
};

class Kernel {
 public:
  /// Room that a reader of whole vectors may touch behind a window; those weights are zero.
  static constexpr int lanes = 16;

  explicit Kernel(const Axis& axis);

  struct Window {
    int first;                    ///< Index of the first input sample.
    const std::int16_t* weights;  ///< taps() of them; zero past the end of the input.
  };
  Window window(int out) const {
    const auto i = static_cast<std::size_t>(out);
    return {firsts_[i], weights_.data() + i * static_cast<std::size_t>(taps_)};
  }

  int taps() const { return taps_; }  ///< A multiple of lanes.
  int out() const { return static_cast<int>(firsts_.size()); }

  /// The input sample after the last one that a window uses with a weight other than padding.
  int end(int out) const { return ends_[static_cast<std::size_t>(out)]; }

 private:
  std::vector<int> firsts_;
  std::vector<int> ends_;
  std::vector<std::int16_t> weights_;
  int taps_;
};

}  // namespace tidemill::imaging

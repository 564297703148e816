#include "imaging/kernel.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace tidemill::imaging {
namespace {

constexpr double lobes = 3;

// A thumbnail needs some ten thousand values of the same function: reading them from a table
// saves a tenth of the whole time for a small photo.
class LanczosTable {
 public:
  LanczosTable() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      values_[i] = static_cast<float>(exact(static_cast<double>(i) / steps));
    }
  }

  double operator()(double x) const {
    const double at = std::abs(x) * steps;
    const auto i = static_cast<std::size_t>(at);
    if (i + 1 >= values_.size()) return 0;
    const double rest = at - static_cast<double>(i);
    return values_[i] + rest * (values_[i + 1] - values_[i]);
  }

 private:
  static constexpr int steps = 1024;

  static double exact(double x) {
    if (x == 0) return 1;
    if (x >= lobes) return 0;
    const double angle = std::numbers::pi * x;
    return lobes * std::sin(angle) * std::sin(angle / lobes) / (angle * angle);
  }

  std::array<float, static_cast<std::size_t>(lobes) * steps + 2> values_;
};

const LanczosTable& lanczos() {
  static const LanczosTable table;
  return table;
}

}  // namespace

Kernel::Kernel(const Axis& axis) {
  assert(axis.in >= 1 && axis.out >= 1);
  const LanczosTable& weight = lanczos();
  const double scale = axis.scale();
  const double stretch = std::max(1.0, scale);
  const double reach = lobes * stretch;
  const double shift = axis.flipped ? axis.out_extent - axis.out : 0;

  const auto count = static_cast<std::size_t>(axis.out);
  const int widest = static_cast<int>(std::ceil(2 * reach)) + 1;
  taps_ = (widest + lanes - 1) / lanes * lanes;
  firsts_.resize(count);
  ends_.resize(count);
  weights_.assign(count * static_cast<std::size_t>(taps_), 0);

  std::vector<double> exact(static_cast<std::size_t>(taps_));
  constexpr int one = 1 << kernel_bits;
  for (std::size_t o = 0; o < count; ++o) {
    const double centre = (static_cast<double>(o) + 0.5 + shift) * scale;
    const int first =
        std::clamp(static_cast<int>(std::floor(centre - reach + 0.5)), 0, axis.in - 1);
    const int end =
        std::clamp(static_cast<int>(std::floor(centre + reach + 0.5)), first + 1, axis.in);
    const auto used = static_cast<std::size_t>(std::min(end - first, taps_));
    double sum = 0;
    for (std::size_t i = 0; i < used; ++i) {
      exact[i] = weight((first + static_cast<double>(i) + 0.5 - centre) / stretch);
      sum += exact[i];
    }
    std::int16_t* weights = weights_.data() + o * static_cast<std::size_t>(taps_);
    int left = one;
    std::size_t largest = 0;
    for (std::size_t i = 0; i < used; ++i) {
      // A window that misses every sample by rounding takes the first one whole.
      const double share = sum > 0.01 ? exact[i] / sum : (i == 0 ? 1 : 0);
      weights[i] = static_cast<std::int16_t>(std::lround(share * one));
      left -= weights[i];
      if (weights[i] > weights[largest]) largest = i;
    }
    weights[largest] = static_cast<std::int16_t>(weights[largest] + left);
    firsts_[o] = first;
    ends_[o] = first + static_cast<int>(used);
  }
}

}  // namespace tidemill::imaging

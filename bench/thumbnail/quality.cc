#include "quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "vips_image.h"

namespace tidemill::bench {
namespace {

std::size_t area(int width, int height) {
  return static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
}

Luma transposed(const Luma& in) {
  Luma out{.width = in.height, .height = in.width, .values = {}};
  out.values.resize(in.values.size());
  for (int y = 0; y < in.height; ++y) {
    for (int x = 0; x < in.width; ++x) {
      out.values[area(out.width, x) + static_cast<std::size_t>(y)] =
          in.values[area(in.width, y) + static_cast<std::size_t>(x)];
    }
  }
  return out;
}

double lanczos_weight(double x) {
  if (x == 0) return 1;
  if (std::abs(x) >= 3) return 0;
  const double angle = std::numbers::pi * x;
  return 3 * std::sin(angle) * std::sin(angle / 3) / (angle * angle);
}

Luma shrink_rows(const Luma& in, int width) {
  Luma out{.width = width, .height = in.height, .values = {}};
  out.values.resize(area(width, in.height));
  const double scale = static_cast<double>(in.width) / width;
  const double stretch = std::max(1.0, scale);
  for (int x = 0; x < width; ++x) {
    const double centre = (x + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - 3 * stretch));
    const int end = std::min(in.width, static_cast<int>(centre + 3 * stretch) + 1);
    std::vector<double> weights;
    double sum = 0;
    for (int i = first; i < end; ++i) {
      sum += weights.emplace_back(lanczos_weight((i + 0.5 - centre) / stretch));
    }
    for (int y = 0; y < in.height; ++y) {
      const double* row = in.values.data() + area(in.width, y) + first;
      double value = 0;
      for (std::size_t i = 0; i < weights.size(); ++i) value += weights[i] * row[i];
      out.values[area(width, y) + static_cast<std::size_t>(x)] = value / sum;
    }
  }
  return out;
}

constexpr int window = 11;

// The Gaussian mean around every sample whose window lies inside the picture.
Luma blurred_rows(const Luma& in) {
  std::array<double, window> weights{};
  double sum = 0;
  for (int i = 0; i < window; ++i) {
    const double distance = i - window / 2;
    sum += weights[static_cast<std::size_t>(i)] = std::exp(-distance * distance / (2 * 1.5 * 1.5));
  }
  Luma out{.width = in.width - window + 1, .height = in.height, .values = {}};
  for (int y = 0; y < out.height; ++y) {
    const double* row = in.values.data() + area(in.width, y);
    for (int x = 0; x < out.width; ++x) {
      double value = 0;
      for (std::size_t i = 0; i < window; ++i)
        value += weights[i] * row[static_cast<std::size_t>(x) + i];
      out.values.push_back(value / sum);
    }
  }
  return out;
}

Luma blurred(const Luma& in) { return transposed(blurred_rows(transposed(blurred_rows(in)))); }

Luma product(const Luma& a, const Luma& b) {
  Luma out = a;
  for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] *= b.values[i];
  return out;
}

}  // namespace

Luma decode_luma(std::span<const std::uint8_t> file) {
  VipsImage* made = nullptr;
  require(vips_jpegload_buffer(const_cast<std::uint8_t*>(file.data()), file.size(), &made,
                               "autorotate", TRUE, nullptr));
  const Image picture(made);
  std::size_t count = 0;
  void* memory = vips_image_write_to_memory(picture.get(), &count);
  require(memory == nullptr ? 1 : 0);
  const auto* samples = static_cast<const std::uint8_t*>(memory);
  Luma luma{.width = vips_image_get_width(picture.get()),
            .height = vips_image_get_height(picture.get()),
            .values = {}};
  const auto bands = static_cast<std::size_t>(vips_image_get_bands(picture.get()));
  luma.values.reserve(count / bands);
  for (std::size_t i = 0; i < count; i += bands) {
    luma.values.push_back(bands < 3 ? samples[i]
                                    : 0.299 * samples[i] + 0.587 * samples[i + 1] +
                                          0.114 * samples[i + 2]);
  }
  g_free(memory);
  return luma;
}

Luma lanczos3(const Luma& picture, int width, int height) {
  return transposed(shrink_rows(transposed(shrink_rows(picture, width)), height));
}

double ssim(const Luma& a, const Luma& b) {
  constexpr double c1 = (0.01 * 255) * (0.01 * 255);
  constexpr double c2 = (0.03 * 255) * (0.03 * 255);
  const Luma mean_a = blurred(a);
  const Luma mean_b = blurred(b);
  const Luma mean_aa = blurred(product(a, a));
  const Luma mean_bb = blurred(product(b, b));
  const Luma mean_ab = blurred(product(a, b));
  double sum = 0;
  for (std::size_t i = 0; i < mean_a.values.size(); ++i) {
    const double ma = mean_a.values[i];
    const double mb = mean_b.values[i];
    const double variances = mean_aa.values[i] - ma * ma + mean_bb.values[i] - mb * mb;
    const double covariance = mean_ab.values[i] - ma * mb;
    sum +=
        (2 * ma * mb + c1) * (2 * covariance + c2) / ((ma * ma + mb * mb + c1) * (variances + c2));
  }
  return sum / static_cast<double>(mean_a.values.size());
}

}  // namespace tidemill::bench

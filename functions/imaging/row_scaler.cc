#include "imaging/row_scaler.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "imaging/vectorised.h"

namespace tidemill::imaging {
namespace {

constexpr int vector_samples = 32;
constexpr int column_bits = 6;  // Fractional bits kept between the two passes.

constexpr int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Averaging stops at twice the wanted size: nearer to it, a box would show.
int block_for(const Axis& axis) {
  // Sums of a block's column must fit 16 bits.
  return std::clamp(static_cast<int>(axis.scale() / 2), 1, 128);
}

Axis after_averaging(Axis axis) {
  const int block = block_for(axis);
  axis.in = (axis.in + block - 1) / block;
  axis.in_extent /= block;
  return axis;
}

TIDEMILL_VECTORISED
void add_row(std::uint16_t* sums, const std::uint8_t* row, int width) {
  for (int x = 0; x < width; ++x) sums[x] = static_cast<std::uint16_t>(sums[x] + row[x]);
}

// The weighted sum of `taps` rows, one vector of columns at a time so that the sums stay in
// registers. Precondition: width is a multiple of vector_samples.
TIDEMILL_VECTORISED
void weigh_rows(const std::uint8_t* const* rows, const std::int16_t* weights, int taps,
                std::int16_t* out, int width) {
  constexpr int shift = kernel_bits - column_bits;
  for (int x = 0; x < width; x += vector_samples) {
    std::int32_t sums[vector_samples];
    for (std::int32_t& sum : sums) sum = 1 << (shift - 1);
    for (int k = 0; k < taps; ++k) {
      const std::uint8_t* row = rows[k] + x;
      const std::int32_t weight = weights[k];
      for (int i = 0; i < vector_samples; ++i) sums[i] += weight * row[i];
    }
    for (int i = 0; i < vector_samples; ++i) {
      out[x + i] = static_cast<std::int16_t>(sums[i] >> shift);
    }
  }
}

TIDEMILL_VECTORISED
void weigh_columns(const std::int16_t* column, const Kernel& kernel, std::uint8_t* out) {
  constexpr int shift = kernel_bits + column_bits;
  const int taps = kernel.taps();
  const int count = kernel.out();
  for (int o = 0; o < count; ++o) {
    const Kernel::Window window = kernel.window(o);
    const std::int16_t* samples = column + window.first;
    std::int32_t sum = 1 << (shift - 1);
    for (int k = 0; k < taps; k += Kernel::lanes) {
      for (int i = 0; i < Kernel::lanes; ++i) sum += samples[k + i] * window.weights[k + i];
    }
    out[o] = static_cast<std::uint8_t>(std::clamp(sum >> shift, 0, 255));
  }
}

}  // namespace

RowScaler::RowScaler(const Axis& x, const Axis& y)
    : in_width_(x.in),
      in_height_(y.in),
      block_x_(block_for(x)),
      block_y_(block_for(y)),
      width_(after_averaging(x).in),
      height_(after_averaging(y).in),
      kernel_x_(after_averaging(x)),
      kernel_y_(after_averaging(y)),
      stride_(round_up(width_, vector_samples)),
      ring_rows_(std::min(kernel_y_.taps(), height_)),
      ring_(static_cast<std::size_t>(stride_) * static_cast<std::size_t>(ring_rows_)),
      column_(static_cast<std::size_t>(stride_ + kernel_x_.taps())),
      window_(static_cast<std::size_t>(kernel_y_.taps())),
      out_(x.out, y.out) {
  if (block_x_ > 1 || block_y_ > 1) block_.resize(static_cast<std::size_t>(in_width_));
}

void RowScaler::push(const std::uint8_t* row) {
  assert(rows_in_ < in_height_);
  ++rows_in_;
  if (!block_.empty()) {
    average_row(row);
    return;
  }
  std::memcpy(ring_row(next_row_), row, static_cast<std::size_t>(width_));
  row_ready();
}

void RowScaler::average_row(const std::uint8_t* row) {
  add_row(block_.data(), row, in_width_);
  ++block_rows_;
  if (block_rows_ == block_y_ || rows_in_ == in_height_) {
    flush_block(std::exchange(block_rows_, 0));
    row_ready();
  }
}

// The last block of a row or column may be smaller than the others: it is the average of what it
// has.
void RowScaler::flush_block(int rows) {
  std::uint8_t* out = ring_row(next_row_);
  const auto average = [rows](const std::uint16_t* sums, int count) {
    const auto samples = static_cast<std::uint32_t>(rows) * static_cast<std::uint32_t>(count);
    std::uint32_t sum = samples / 2;
    for (int i = 0; i < count; ++i) sum += sums[i];
    return static_cast<std::uint8_t>(sum / samples);
  };
  for (int x = 0; x < width_; ++x) {
    const int from = x * block_x_;
    out[x] = average(block_.data() + from, std::min(block_x_, in_width_ - from));
  }
  std::ranges::fill(block_, std::uint16_t{0});
}

std::uint8_t* RowScaler::ring_row(int y) {
  return ring_.data() +
         static_cast<std::size_t>(y % ring_rows_) * static_cast<std::size_t>(stride_);
}

void RowScaler::row_ready() {
  ++next_row_;
  while (!complete() && kernel_y_.end(next_out_) <= next_row_) emit(next_out_++);
}

void RowScaler::emit(int out) {
  const Kernel::Window rows = kernel_y_.window(out);
  const int taps = kernel_y_.end(out) - rows.first;
  for (int k = 0; k < taps; ++k) window_[static_cast<std::size_t>(k)] = ring_row(rows.first + k);
  weigh_rows(window_.data(), rows.weights, taps, column_.data(), stride_);
  weigh_columns(column_.data(), kernel_x_, out_.row(out));
}

Plane RowScaler::take() {
  assert(complete());
  return std::move(out_);
}

}  // namespace tidemill::imaging

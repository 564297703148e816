// RowScaler: shrinks one plane while its rows arrive, so that a decoder never has to hold it.
//
// Large reductions first average whole blocks of samples (cheap), down to at least twice the
// wanted size; a separable Lanczos-3 does the rest. Never more than the window of one output row
// is held. Integer arithmetic throughout: the same bytes on every machine.
//
// Thread safety: none. Driven by one decoder on one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "imaging/kernel.h"
#include "imaging/plane.h"

namespace tidemill::imaging {

class RowScaler {
 public:
  RowScaler(const Axis& x, const Axis& y);

  /// Takes the next row: x.in samples. Rows beyond y.in are a programmer's error.
  void push(const std::uint8_t* row);

  /// True when every row of the output is there, which is after the last push at the latest.
  bool complete() const { return next_out_ == kernel_y_.out(); }

  /// Precondition: complete().
  Plane take();

 private:
  void average_row(const std::uint8_t* row);
  void flush_block(int rows);
  std::uint8_t* ring_row(int y);
  void row_ready();
  void emit(int out);

  int in_width_;
  int in_height_;
  int block_x_;  // Samples averaged into one, along each axis; 1 for none.
  int block_y_;
  int width_;  // Size after averaging.
  int height_;
  Kernel kernel_x_;
  Kernel kernel_y_;

  std::vector<std::uint16_t> block_;  // Column sums of the block row being gathered.
  int block_rows_ = 0;
  int rows_in_ = 0;

  int stride_;  // Of a ring row: width_ rounded up to whole vectors.
  int ring_rows_;
  std::vector<std::uint8_t> ring_;    // The last ring_rows_ averaged rows.
  int next_row_ = 0;                  // Averaged rows so far.
  std::vector<std::int16_t> column_;  // One output row before its horizontal pass.
  std::vector<const std::uint8_t*> window_;
  Plane out_;
  int next_out_ = 0;
};

}  // namespace tidemill::imaging

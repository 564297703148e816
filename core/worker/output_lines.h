// OutputLines: what a worker prints, cut into lines that a log can take. A handler may print
// whatever it likes, in whatever amounts: lines are cut at a length and dropped beyond a rate.
//
// Pure but for what `write` does; told the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tidemill/time.h"

namespace tidemill::worker {

class OutputLines {
 public:
  static constexpr std::size_t line_bytes_max = 4096;
  static constexpr std::uint32_t lines_per_second = 100;

  /// `write` gets each line without its end; empty lines are left out.
  explicit OutputLines(std::function<void(std::string_view)> write) : write_(std::move(write)) {}

  void add(std::string_view bytes, Instant now);

  /// The end of the output: a last line may lack its end.
  void finish(Instant now);

 private:
  void line(Instant now);

  const std::function<void(std::string_view)> write_;
  std::string line_;  ///< At most line_bytes_max bytes; the rest of a longer line is dropped.
  Instant second_;    ///< When the second began in which lines_ were written.
  std::uint32_t lines_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace tidemill::worker

#include "core/worker/output_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tidemill::worker {

void OutputLines::add(std::string_view bytes, Instant now) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    line_.append(piece.substr(0, line_bytes_max - line_.size()));
    if (end == std::string_view::npos) return;
    line(now);
    bytes.remove_prefix(end + 1);
  }
}

void OutputLines::finish(Instant now) {
  line(now);
  if (dropped_ > 0) write_(fmt::format("({} lines dropped)", std::exchange(dropped_, 0)));
}

void OutputLines::line(Instant now) {
  if (line_.empty()) return;
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    lines_ = 0;
    if (dropped_ > 0) write_(fmt::format("({} lines dropped)", std::exchange(dropped_, 0)));
  }
  if (lines_ < lines_per_second) {
    ++lines_;
    write_(line_);
  } else {
    ++dropped_;
  }
  line_.clear();
}

}  // namespace tidemill::worker

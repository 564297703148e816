// RecordingLog: keeps what was logged, so that a test can look for a sentence.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tidemill/log.h"

namespace tidemill::testing {

class RecordingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view sentence) override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(level, sentence);
  }

  /// Does a line contain `part`?
  bool says(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const auto& line : lines_)
      if (line.sentence.find(part) != line.sentence.npos) return true;
    return false;
  }

 private:
  struct Line {
    Line(LogLevel l, std::string_view s) : level(l), sentence(s) {}
    LogLevel level;
    std::string sentence;
  };

  mutable std::mutex mutex_;
  std::vector<Line> lines_;
};

}  // namespace tidemill::testing

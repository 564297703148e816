// Log: how code outside core/ says something to the operator. Never write secrets or payloads.
#pragma once

#include <string_view>

namespace tidemill {

enum class LogLevel { debug, info, warning, error };

class Log {
 public:
  virtual ~Log() = default;
  /// One sentence, no trailing dot. Thread-safe.
  virtual void write(LogLevel level, std::string_view sentence) = 0;
};

}  // namespace tidemill

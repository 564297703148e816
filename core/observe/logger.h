// Logger: the engine's Log. Sentences with their time and level, as text for people or as one JSON
// object a line for machines.
//
// What a sentence quotes (a key, a file name) may come from anyone, so bytes that would break the
// line, the terminal or the JSON are escaped.
//
// Thread safety: any thread; a line is never torn. Writes are synchronous: a log line tells of a
// crash only if it left before it.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string_view>

#include "tidemill/log.h"
#include "tidemill/time.h"

namespace spdlog {
class logger;
}

namespace tidemill {

enum class LogFormat { text, json };

class Logger final : public Log {
 public:
  /// Sentences below `level` are dropped. `wall` is asked once per line, from the writing thread.
  /// `out` outlives the logger; the engine passes std::cerr.
  Logger(LogLevel level, LogFormat format, std::function<WallTime()> wall, std::ostream& out);
  ~Logger() override;

  void write(LogLevel level, std::string_view sentence) override;

 private:
  LogFormat format_;
  std::function<WallTime()> wall_;
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace tidemill

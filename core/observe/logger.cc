#include "core/observe/logger.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>

#include <chrono>
#include <string>
#include <utility>

#include "core/observe/printable.h"

namespace tidemill {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

std::string pattern_of(LogFormat format) {
  if (format == LogFormat::json)
    return R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})";
  return "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";
}

}  // namespace

Logger::Logger(LogLevel level, LogFormat format, std::function<WallTime()> wall, std::ostream& out)
    : format_(format), wall_(std::move(wall)) {
  const bool flush_each = true;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out, flush_each);
  logger_ = std::make_unique<spdlog::logger>("tidemill", std::move(sink));
  logger_->set_level(spdlog_level(level));
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      pattern_of(format), spdlog::pattern_time_type::utc, "\n"));
}

Logger::~Logger() = default;

void Logger::write(LogLevel level, std::string_view sentence) {
  const auto spdlog_says = spdlog_level(level);
  if (!logger_->should_log(spdlog_says)) return;
  const std::chrono::microseconds since_epoch(wall_().value);
  const spdlog::log_clock::time_point time(
      std::chrono::duration_cast<spdlog::log_clock::duration>(since_epoch));
  const auto place = format_ == LogFormat::json ? Place::json_string : Place::terminal;
  const std::string text = printable(sentence, place);
  logger_->log(time, spdlog::source_loc{}, spdlog_says, spdlog::string_view_t(text));
}

}  // namespace tidemill

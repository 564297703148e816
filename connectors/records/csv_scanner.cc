#include "records/csv_scanner.h"

namespace tidemill::records {
namespace {

constexpr std::string_view stray_quote = "a quote stands in a field that does not begin with one";
constexpr std::string_view text_behind = "text follows a closing quote";
constexpr std::string_view never_closed = "a quote is not closed";

}  // namespace

std::optional<std::size_t> CsvScanner::scan(std::string_view more) {
  if (state_ == State::record_start && fault_.empty()) {
    // Most records have no quotes at all, and end with their line.
    const std::size_t line_end = more.find('\n');
    const std::string_view line = more.substr(0, line_end);
    if (line_end != std::string_view::npos && !line.contains('"')) return line_end;
    state_ = State::field_start;
  }
  return fault_.empty() ? scan_from(0, more) : skip_broken(0, more);
}

std::optional<std::size_t> CsvScanner::scan_from(std::size_t at, std::string_view more) {
  for (; at < more.size(); ++at) {
    const char c = more[at];
    switch (state_) {
      case State::record_start:
      case State::field_start:
        if (c == '"')
          state_ = State::quoted;
        else if (c == '\n')
          return at;
        else if (c != delimiter_)
          state_ = State::plain;
        break;
      case State::plain:
        if (c == '\n') return at;
        if (c == delimiter_) state_ = State::field_start;
        if (c == '"') fault_ = stray_quote;
        break;
      case State::quoted: {
        const std::size_t quote = more.find('"', at);
        if (quote == std::string_view::npos) return std::nullopt;
        at = quote;
        state_ = State::closing;
        break;
      }
      case State::closing:
        if (c == '\n') return at;
        if (c == '"')
          state_ = State::quoted;
        else if (c == delimiter_)
          state_ = State::field_start;
        else if (c == '\r')
          state_ = State::line_feed_due;
        else
          fault_ = text_behind;
        break;
      case State::line_feed_due:
        if (c == '\n') return at;
        fault_ = text_behind;
        break;
    }
    if (!fault_.empty()) return skip_broken(at, more);
  }
  return std::nullopt;
}

std::optional<std::size_t> CsvScanner::skip_broken(std::size_t at, std::string_view more) const {
  const std::size_t line_end = more.find('\n', at);
  return line_end == std::string_view::npos ? std::nullopt : std::optional(line_end);
}

void CsvScanner::end() {
  if (fault_.empty() && state_ == State::quoted) fault_ = never_closed;
}

}  // namespace tidemill::records

#include "core/expression/compile_errors.h"

#include <fmt/format.h>

#include <charconv>

namespace tidemill::expression {
namespace {

std::string_view line_of(std::string_view text, std::size_t number) {
  for (; number > 1; --number) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

void cut_out(std::string& text, std::string_view what) {
  if (const auto at = text.find(what); at != std::string::npos) text.erase(at, what.size());
}

// "jq: error: SENTENCE at <top-level>, line N:\nTHE LINE" and as many spaces as there are
// characters before the place.
std::string located(std::string_view message, std::string_view text, std::size_t lines_before) {
  constexpr std::string_view place = " at <top-level>, line ";
  const auto at = message.find(place);
  std::string sentence(message.substr(0, std::min(at, message.find('\n'))));
  cut_out(sentence, "jq: ");
  cut_out(sentence, "error: ");
  cut_out(sentence, " (Unix shell quoting issues?)");
  if (at == std::string_view::npos) return sentence;

  message.remove_prefix(at + place.size());
  std::size_t line = 0;
  std::from_chars(message.data(), message.data() + message.size(), line);
  if (line <= lines_before) return sentence;
  line -= lines_before;
  sentence += fmt::format(", line {}", line);
  const auto end = message.find('\n');
  const std::string_view source = line_of(text, line);
  if (end == std::string_view::npos || !message.substr(end + 1).starts_with(source))
    return sentence;
  return sentence + fmt::format(", column {}", message.size() - end - source.size());
}

}  // namespace

std::string compile_errors(const std::vector<std::string>& messages, std::string_view text,
                           std::size_t lines_before) {
  std::string all;
  for (const std::string& message : messages) {
    // The last one only counts the others.
    if (message.ends_with(" compile error") || message.ends_with(" compile errors")) continue;
    all += (all.empty() ? "jq: " : "; ") + located(message, text, lines_before);
  }
  return all.empty() ? "jq: cannot compile the expression" : all;
}

}  // namespace tidemill::expression

#include "core/config/problems.h"

#include <fmt/format.h>

#include <algorithm>

namespace tidemill::config {
namespace {

// Longer values are cut: a message is to be read in a terminal.
constexpr std::size_t shown_max = 60;

std::vector<Problem> in_order(std::vector<Problem> problems) {
  std::sort(problems.begin(), problems.end());
  problems.erase(std::unique(problems.begin(), problems.end()), problems.end());
  return problems;
}

}  // namespace

std::string to_string(const Problem& problem, std::string_view severity) {
  std::string text = problem.where.file;
  if (problem.where.line > 0)
    text += fmt::format(":{}:{}", problem.where.line, problem.where.column);
  if (!text.empty()) text += ": ";
  text += fmt::format("{}: {}", severity, problem.what);
  if (!problem.fix.empty()) text += "; " + problem.fix;
  return text;
}

std::string shown(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  if (text.size() > shown_max) out += "...";
  return out + "'";
}

void Problems::add(const Mark& where, std::string what, std::string fix) {
  errors_.push_back({where, std::move(what), std::move(fix)});
}

void Problems::warn(const Mark& where, std::string what, std::string fix) {
  warnings_.push_back({where, std::move(what), std::move(fix)});
}

std::vector<Problem> Problems::errors() const { return in_order(errors_); }
std::vector<Problem> Problems::warnings() const { return in_order(warnings_); }

}  // namespace tidemill::config

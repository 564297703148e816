#include "text_columns.h"

#include <algorithm>
#include <string_view>

namespace tidemill::report {
namespace {

constexpr std::size_t width_max = 60;
constexpr std::string_view gap = "  ";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::size_t characters(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_continuation));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.+-eE") == text.npos &&
         text.find_first_of("0123456789") != text.npos;
}

std::string cut(const std::string& text) {
  if (characters(text) <= width_max) return text;
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end)
    if (!is_continuation(text[end]) && kept++ == width_max - 1) break;
  return text.substr(0, end) + "…";
}

}  // namespace

std::string in_columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  std::vector<bool> numbers;
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t i = 0; i < rows[row].size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      if (numbers.size() <= i) numbers.push_back(true);
      widths[i] = std::max(widths[i], characters(cut(rows[row][i])));
      if (row > 0 && !rows[row][i].empty() && !is_number(rows[row][i])) numbers[i] = false;
    }
  std::string text;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::string line;
    for (std::size_t i = 0; i < rows[row].size(); ++i) {
      const std::string cell = cut(rows[row][i]);
      const std::string blanks(widths[i] - characters(cell), ' ');
      if (i > 0) line += gap;
      line += numbers[i] ? blanks + cell : cell + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
    if (row > 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i)
      text.append(i > 0 ? gap : "").append(widths[i], '-');
    text += "\n";
  }
  return text;
}

}  // namespace tidemill::report

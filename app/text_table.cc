#include "app/text_table.h"

#include <algorithm>
#include <clocale>
#include <cstdint>
#include <cwchar>
#include <limits>
#include <numeric>

namespace tidemill::app {
namespace {

constexpr std::size_t gap = 2;

// One letter at the beginning of a text.
struct Letter {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

Letter first_letter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  std::size_t bytes = 1;
  if (first >= 0xC2) bytes = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (bytes > text.size()) return {};
  std::uint32_t code = bytes == 1 ? first : first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const int columns = ::wcwidth(static_cast<wchar_t>(code));
  return {bytes, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

// As much of the text as fits.
std::string_view beginning(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const Letter letter = first_letter(text.substr(bytes));
    if (letter.columns > columns) break;
    columns -= letter.columns;
    bytes += letter.bytes;
  }
  return text.substr(0, bytes);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Letter letter = first_letter(text);
    width += letter.columns;
    text.remove_prefix(letter.bytes);
  }
  return width;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(beginning(text, columns - 1)).append("…");
}

void use_utf8() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

std::size_t TextTable::width_of(std::size_t column) const {
  std::size_t width = display_width(columns_[column].title);
  for (const auto& row : rows_) width = std::max(width, display_width(row[column]));
  return width;
}

std::vector<std::string> TextTable::lines(std::size_t columns) const {
  std::vector<std::size_t> shown(columns_.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  std::vector<std::size_t> widths;
  for (const std::size_t column : shown) widths.push_back(width_of(column));
  const auto needed = [&] {
    std::size_t sum = 0;
    for (const std::size_t column : shown) sum += widths[column] + gap;
    return sum - std::min(sum, gap);
  };
  while (shown.size() > 1 && needed() > columns)
    shown.erase(std::ranges::min_element(
        shown, {}, [&](std::size_t column) { return columns_[column].worth; }));

  std::vector<std::string> lines;
  const auto add_line = [&](auto&& cell_of) {
    std::string line;
    for (const std::size_t column : shown) {
      const std::string& cell = cell_of(column);
      const std::string padding(widths[column] - display_width(cell), ' ');
      if (column != shown.front()) line.append(gap, ' ');
      const bool left = columns_[column].align == Align::left;
      line += left ? cell + padding : padding + cell;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(cut(line, columns));
  };
  add_line([&](std::size_t column) -> const std::string& { return columns_[column].title; });
  for (const auto& row : rows_)
    add_line([&](std::size_t column) -> const std::string& { return row[column]; });
  return lines;
}

}  // namespace tidemill::app

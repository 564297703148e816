// TextTable: rows of text in columns, for a terminal of some width. Pure; the width of letters is
// that of the process's locale (see use_utf8()).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::app {

/// Columns that a terminal needs for UTF-8 text; what is not UTF-8 counts as one each.
std::size_t display_width(std::string_view text);

/// The text, or its beginning and "…", in at most so many columns.
std::string cut(std::string_view text, std::size_t columns);

/// Makes the two above know the widths of all letters. Once, before there are other threads.
void use_utf8();

class TextTable {
 public:
  enum class Align { left, right };

  struct Column {
    std::string title;
    Align align = Align::right;
    int worth = 9;  ///< Where there is not room for all, those of least worth are left out.
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell for each column.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  /// The titles and then the rows, each no wider than `columns`.
  std::vector<std::string> lines(std::size_t columns) const;

 private:
  std::size_t width_of(std::size_t column) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tidemill::app

#include "table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidemill::postgres {
namespace {

constexpr std::string_view text_types[] = {"text", "character varying"};

std::string names(const Table& table, const Shape& shape) {
  std::string list;
  for (const std::size_t column : shape)
    list.append(list.empty() ? "" : ", ").append(quoted(table.columns[column].name));
  return list;
}

// c1, c2, ... of the parameters, each as a value of its column's type. A cast to a length would cut
// what is too long; without one the server refuses it.
std::string values(const Table& table, const Shape& shape) {
  std::string list;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::string& type = table.columns[shape[i]].type;
    list.append(i == 0 ? "" : ", ").append("v.c").append(std::to_string(i + 1));
    if (std::ranges::find(text_types, type) == std::end(text_types)) list.append("::").append(type);
  }
  return list;
}

std::string parameters(std::size_t count) {
  std::string arrays;
  std::string columns;
  for (std::size_t i = 1; i <= count; ++i) {
    const std::string number = std::to_string(i);
    arrays.append(i == 1 ? "" : ", ").append("$").append(number).append("::text[]");
    columns.append(i == 1 ? "" : ", ").append("c").append(number);
  }
  return "unnest(" + arrays + ") AS v(" + columns + ")";
}

std::string on_conflict(const Table& table, const Shape& shape) {
  if (table.on_conflict == OnConflict::error) return {};
  std::string clause = " ON CONFLICT (" + names(table, table.key) + ") DO ";
  std::string changes;
  for (const std::size_t column : shape) {
    if (std::ranges::find(table.key, column) != table.key.end()) continue;
    const std::string name = quoted(table.columns[column].name);
    changes.append(changes.empty() ? "" : ", ").append(name).append(" = EXCLUDED.").append(name);
  }
  if (table.on_conflict == OnConflict::ignore || changes.empty()) return clause + "NOTHING";
  return clause + "UPDATE SET " + changes;
}

}  // namespace

std::optional<std::size_t> Table::find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &Column::name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

Shape Table::written() const {
  Shape shape;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].written) shape.push_back(i);
  return shape;
}

std::string quoted(std::string_view identifier) {
  std::string text = "\"";
  for (const char c : identifier) {
    if (c == '"') text += '"';
    text += c;
  }
  return text += '"';
}

std::string quoted_table(std::string_view table) {
  const auto dot = table.find('.');
  if (dot == table.npos) return quoted(table);
  return quoted(table.substr(0, dot)) + '.' + quoted(table.substr(dot + 1));
}

std::string insert_statement(const Table& table, const Shape& shape) {
  return "INSERT INTO " + table.name + " (" + names(table, shape) + ") SELECT " +
         values(table, shape) + " FROM " + parameters(shape.size()) + on_conflict(table, shape);
}

std::string delete_statement(const Table& table) {
  return "DELETE FROM " + table.name + " WHERE (" + names(table, table.key) + ") IN (SELECT " +
         values(table, table.key) + " FROM " + parameters(table.key.size()) + ")";
}

std::string copy_statement(const Table& table, const Shape& shape) {
  return "COPY " + table.name + " (" + names(table, shape) + ") FROM STDIN";
}

void append_element(std::string& array, const Field& field) {
  if (array.size() > 1) array += ',';
  if (!field) {
    array += "NULL";
    return;
  }
  array += '"';
  for (const char c : *field) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

void append_copy_line(std::string& out, std::span<const Field> fields) {
  bool first = true;
  for (const Field& field : fields) {
    if (!std::exchange(first, false)) out += '\t';
    if (!field) {
      out += "\\N";
      continue;
    }
    for (const char c : *field) {
      switch (c) {
        case '\\':
          out += "\\\\";
          break;
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        default:
          out += c;
      }
    }
  }
  out += '\n';
}

}  // namespace tidemill::postgres

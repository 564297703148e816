// Table: what the server's catalogue says of the table that rows go to, and SQL about it.
//
// Values. Names are quoted, and no value of an event stands in the SQL: values are parameters, one
// array of texts for each column, which the server makes values of the column's own type.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postgres.h"
#include "tidemill/result.h"

namespace tidemill::postgres {

struct Column {
  std::string name;
  std::string type;     ///< As SQL writes it, without a length.
  bool written = true;  ///< False of what the server makes itself.
};

/// Some columns of a table, by their place among Table::columns.
using Shape = std::vector<std::size_t>;

struct Table {
  std::string name;  ///< Quoted, as SQL wants it.
  std::vector<Column> columns;
  Shape key;  ///< The columns that tell one row from another; may be none.
  OnConflict on_conflict = OnConflict::error;

  std::optional<std::size_t> find(std::string_view column) const;
  /// Every column that is not made by the server itself.
  Shape written() const;
  bool keyed() const { return !key.empty() && on_conflict != OnConflict::error; }
};

/// "a\"b" in quotes, as an identifier.
std::string quoted(std::string_view identifier);

/// sales.orders as "sales"."orders".
std::string quoted_table(std::string_view table);

/// Statements with a parameter for each column of the shape, in its order.
std::string insert_statement(const Table& table, const Shape& shape);
std::string delete_statement(const Table& table);
/// COPY in the text format.
std::string copy_statement(const Table& table, const Shape& shape);

/// A value, or NULL.
using Field = std::optional<std::string>;

/// One more element of an array's text; "{" is its beginning.
void append_element(std::string& array, const Field& field);

/// A row as a line of COPY's text format.
void append_copy_line(std::string& out, std::span<const Field> fields);

}  // namespace tidemill::postgres

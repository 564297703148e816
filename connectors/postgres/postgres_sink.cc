#include "postgres_sink.h"

#include <algorithm>
#include <deque>
#include <string_view>
#include <utility>

#include "row_groups.h"
#include "sql_fault.h"

namespace tidemill::postgres {
namespace {

constexpr std::string_view undefined_table = "42P01";
constexpr std::string_view undefined_column = "42703";
constexpr std::string_view no_such_index = "42P10";

constexpr std::string_view columns_of_table =
    "SELECT a.attname, format_type(a.atttypid, -1),"
    " a.attgenerated = '' AND a.attidentity <> 'a'"
    " FROM pg_catalog.pg_attribute a"
    " WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attnum";

Refusal missing(std::string_view sqlstate, std::string message) {
  return {std::string(sqlstate), {Fault::unavailable, std::move(message), {}}};
}

std::string list_of(const Table& table) {
  std::string list;
  for (const Column& column : table.columns)
    list.append(list.empty() ? "" : ", ").append(column.name);
  return list;
}

// The columns that a statement for `group` has parameters for, with their values.
Statement statement_of(const Table& table, const RowGroup& group) {
  Statement statement;
  statement.sql = group.removal ? delete_statement(table) : insert_statement(table, *group.shape);
  statement.parameters.assign(group.shape->size(), "{");
  for (const Row* row : group.rows)
    for (std::size_t i = 0; i < row->fields.size(); ++i)
      append_element(statement.parameters[i], row->fields[i]);
  for (std::string& array : statement.parameters) array += '}';
  return statement;
}

}  // namespace

PostgresSink::PostgresSink(SinkConfig config, Server server, RowRules rules, Services services)
    : config_(std::move(config)),
      server_(std::move(server)),
      rules_(std::move(rules)),
      services_(std::move(services)) {}

SinkTraits PostgresSink::traits() const {
  const bool keyed = config_.conflict() != OnConflict::error;
  return {.idempotence = keyed ? Idempotence::by_key : Idempotence::at_least_once,
          .takes_messages = true,
          .takes_objects = false,
          .concurrent_writes = true};
}

std::string PostgresSink::place() const { return "postgres:" + server_.name + '/' + config_.table; }

Error PostgresSink::told(const Refusal& refusal) const {
  Error error = refusal.error;
  error.message = place() + ": " + error.message;
  return error;
}

Task<Result<std::string>> PostgresSink::reach() {
  const Result<> opened = co_await open();
  if (!opened) co_return std::unexpected(opened.error());
  co_return "it would take the rows";
}

Task<Result<>> PostgresSink::open() {
  auto work = [this] { return prepare(); };
  auto prepared = co_await run_blocking(services_.scheduler, std::move(work));
  co_return prepared;
}

Result<> PostgresSink::prepare() {
  interrupt_.clear();
  const auto found = table();
  if (found) return {};
  Error error = told(found.error());
  const std::string& sqlstate = found.error().sqlstate;
  if (is_of_setup(sqlstate)) error.fault = Fault::bad_config;
  if (sqlstate == no_such_index) error.message += "; create a unique index over the columns of key";
  if (sqlstate.starts_with("28")) error.message += "; correct user or password";
  return std::unexpected(std::move(error));
}

std::expected<PostgresSink::Lease, Refusal> PostgresSink::connection() {
  {
    const std::lock_guard lock(mutex_);
    while (!idle_.empty()) {
      Lease idle = std::move(idle_.back());
      idle_.pop_back();
      if (idle->usable()) return idle;
    }
  }
  return Connection::open(server_, config_.timeout, interrupt_, services_.log);
}

void PostgresSink::give_back(Lease connection) {
  if (!connection->usable()) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

std::expected<PostgresSink::TablePointer, Refusal> PostgresSink::table() {
  {
    const std::lock_guard lock(mutex_);
    if (table_ != nullptr) return table_;
  }
  auto leased = connection();
  if (!leased) return std::unexpected(std::move(leased.error()));
  auto found = look_up(**leased);
  give_back(std::move(*leased));
  if (!found) return found;
  const std::lock_guard lock(mutex_);
  table_ = *found;
  return found;
}

std::expected<PostgresSink::TablePointer, Refusal> PostgresSink::look_up(
    Connection& connection) const {
  auto table = std::make_shared<Table>();
  table->name = quoted_table(config_.table);
  table->on_conflict = config_.conflict();
  const auto rows = connection.query({std::string(columns_of_table), {table->name}});
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty())
    return std::unexpected(missing(undefined_table, "there is no table " + table->name));
  for (const auto& row : *rows)
    table->columns.push_back({row[0].value_or(""), row[1].value_or(""), row[2] == "t"});
  const auto require = [&table](const std::string& name) -> std::expected<std::size_t, Refusal> {
    const auto column = table->find(name);
    if (!column)
      return std::unexpected(missing(
          undefined_column, "the table has no column " + name + "; it has " + list_of(*table)));
    if (!table->columns[*column].written)
      return std::unexpected(
          missing(undefined_column, "the server makes the values of column " + name + " itself"));
    return *column;
  };
  for (const ColumnRule& rule : rules_.columns)
    if (auto column = require(rule.column); !column)
      return std::unexpected(std::move(column.error()));
  for (const std::string& name : config_.conflict_columns()) {
    auto column = require(name);
    if (!column) return std::unexpected(std::move(column.error()));
    table->key.push_back(*column);
  }
  std::ranges::sort(table->key);  // As the shape of a row that is removed.
  if (auto checked = check_insert(connection, *table); !checked)
    return std::unexpected(std::move(checked.error()));
  return table;
}

// The server plans what will be written, and so looks whether columns, types and rights are as they
// should be and an index stands behind the key; it writes nothing.
Answer PostgresSink::check_insert(Connection& connection, const Table& table) const {
  Shape shape = table.written();
  if (!rules_.fields) {
    shape.clear();
    for (const ColumnRule& rule : rules_.columns) shape.push_back(*table.find(rule.column));
  }
  Statement statement{"EXPLAIN " + insert_statement(table, shape), {}};
  statement.parameters.assign(shape.size(), "{}");
  auto planned = connection.query(statement);
  if (!planned) return std::unexpected(std::move(planned.error()));
  return {};
}

Task<std::vector<Result<>>> PostgresSink::write(SinkBatch batch) {
  auto work = [this, batch] { return write_rows(batch); };
  auto results = co_await run_blocking(services_.scheduler, std::move(work));
  co_return results;
}

// Runs on the pool, several at a time.
PostgresSink::Results PostgresSink::write_rows(const SinkBatch& batch) {
  Results results(batch.effects.size());
  const auto found = table();
  if (!found) {
    results.assign(batch.effects.size(), std::unexpected(told(found.error())));
    return results;
  }
  std::vector<Row> rows;
  rows.reserve(batch.effects.size());
  for (std::size_t i = 0; i < batch.effects.size(); ++i) {
    auto row = read_row(rules_, **found, batch, i);
    if (row) {
      rows.push_back(std::move(*row));
    } else {
      results[i] = std::unexpected(std::move(row.error()));
    }
  }
  std::vector<const Row*> all;
  for (const Row& row : rows) all.push_back(&row);
  if (!all.empty()) store_all(**found, all, results);
  if (std::ranges::all_of(results, [](const auto& r) { return r.has_value(); })) results.clear();
  return results;
}

void PostgresSink::store_all(const Table& table, std::span<const Row* const> rows,
                             Results& results) {
  auto leased = connection();
  std::deque<std::span<const Row* const>> pieces{rows};
  while (!pieces.empty()) {
    const auto piece = pieces.front();
    pieces.pop_front();
    Answer stored;
    if (leased) {
      stored = store(**leased, table, piece);
    } else {
      stored = std::unexpected(leased.error());
    }
    if (stored) continue;
    const Refusal& refusal = stored.error();
    if (refusal.error.fault == Fault::bad_event && piece.size() > 1) {
      pieces.push_front(piece.subspan(piece.size() / 2));
      pieces.push_front(piece.first(piece.size() / 2));
      continue;
    }
    Error error = told(refusal);
    for (const Row* row : piece) results[row->effect] = std::unexpected(error);
    if (error.fault == Fault::bad_event) continue;
    // The others keep their order behind these, and nobody has found anything wrong with them.
    if (error.fault == Fault::transient) error.fault = Fault::unavailable;
    for (const auto& later : pieces)
      for (const Row* row : later) results[row->effect] = std::unexpected(error);
    pieces.clear();
    const std::lock_guard lock(mutex_);
    if (is_of_setup(refusal.sqlstate)) table_.reset();  // It may have been altered.
  }
  if (leased) give_back(std::move(*leased));
}

Answer PostgresSink::store(Connection& connection, const Table& table,
                           std::span<const Row* const> rows) const {
  const auto groups = group_rows(table, rows);
  // COPY alone is a transaction of its own; of several, one that fails would leave the others.
  if (config_.copy && groups.size() == 1 && rows.size() > 1) {
    std::string lines;
    for (const Row* row : groups.front().rows) append_copy_line(lines, row->fields);
    return connection.copy(copy_statement(table, *groups.front().shape), lines);
  }
  std::vector<Statement> statements;
  for (const RowGroup& group : groups) statements.push_back(statement_of(table, group));
  return connection.run(statements);
}

Task<> PostgresSink::close() {
  interrupt_.set();
  co_return;
}

}  // namespace tidemill::postgres

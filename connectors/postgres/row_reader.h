// RowReader: from the effects of a batch to rows of a table.
//
// Pure but for the expressions, which may take a while: on the pool. Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "postgres.h"
#include "table.h"
#include "tidemill/expression.h"
#include "tidemill/sink.h"

namespace tidemill::postgres {

/// How one column gets its value.
struct ColumnRule {
  std::string column;
  std::shared_ptr<const EventExpression> value;  ///< Null: the id of the effect.
};

/// `columns` and `id_column` as the user wrote them; without `columns`, all fields of the data go
/// where their names say, and the rules go on top of that.
struct RowRules {
  bool fields = true;
  std::vector<ColumnRule> columns;
};

/// Errors: bad_config, with the column and what is wrong with it.
Result<RowRules> read_rules(const SinkConfig& config, const CompileExpression& compile);

struct Row {
  std::size_t effect = 0;  ///< Which effect of the batch it is.
  bool removal = false;    ///< The row of `key` goes; shape and fields are those of the key.
  Shape shape;             ///< Which columns it has a value for, in ascending order.
  std::vector<Field> fields;
  std::string key;  ///< Of keyed tables: equal for rows with the same text in all key columns.
};

/// Errors: bad_event, with the reason.
Result<Row> read_row(const RowRules& rules, const Table& table, const SinkBatch& batch,
                     std::size_t effect);

}  // namespace tidemill::postgres

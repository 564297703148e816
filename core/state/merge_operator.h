// The one merge operator of the store, `tidemill.merge.v1`: how a merge changes a row without
// reading it first.
//
// An operand is a row value (values.h) that holds a number or an aggregate: the row which the merge
// would make if there were none. So folding two operands, folding an operand into a row, and
// folding in memory before anything is written are all the same function.
//
//   sum, count   value + operand
//   min, max     the smaller, the larger
//   last         the operand, unless the row's event time is later; at equal times the later commit
//   aggregate    all that either has seen (aggregate.h)
//
// The row takes the operand's expiry. A row that had expired when the
// merge was committed (RowValue::written) is absent for it: the operand is the row.
//
// A row that was put as the text of an integer ("12") is a number like any other. Onto any other
// bytes a merge is refused: the put wins, the row keeps its bytes and says `merge_refused` until it
// is put again. So is a merge of a number onto an aggregate, or the other way round. A merge never
// fails, because RocksDB would stop writing the whole folder.
//
// RocksDB calls the operator from its own threads; it has no state.
#pragma once

#include <cstdint>
#include <memory>

#include "core/state/values.h"

namespace rocksdb {
class MergeOperator;
}

namespace tidemill::state {

/// The operand that a merge_row makes, in a commit at `now`.
RowValue merge_operand(const RowChange& change, std::uint64_t row_version, WallTime now);

/// Precondition: `operand` is one.
void fold(RowValue& row, const RowValue& operand);

/// Folding operands of one kind first and the result into the row gives the same as folding one
/// after the other; operands of different kinds must be folded in order, and so must those between
/// which the row expires.
inline bool fold_together(const RowValue& left, const RowValue& right) {
  const bool numbers = left.number && right.number && left.number->kind == right.number->kind;
  const bool aggregates = left.aggregate && right.aggregate;
  return (numbers || aggregates) && !left.expired(right.written);
}

/// True of merged rows and of text that a merge would go on from.
bool is_number(const RowValue& row);

std::shared_ptr<rocksdb::MergeOperator> make_merge_operator();

}  // namespace tidemill::state

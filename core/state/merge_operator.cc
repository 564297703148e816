#include "core/state/merge_operator.h"

#include <rocksdb/merge_operator.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <string>

namespace tidemill::state {
namespace {

// Only the text that printing the integer would give: "007" and "1e3" are somebody's strings.
std::optional<std::int64_t> as_integer(std::string_view bytes) {
  std::int64_t value = 0;
  const char* end = bytes.data() + bytes.size();
  const auto parsed = std::from_chars(bytes.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  if (std::to_string(value) != bytes) return std::nullopt;
  return value;
}

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class UniversalMerge final : public rocksdb::MergeOperator {
 public:
  const char* Name() const override { return "tidemill.merge.v1"; }

  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::optional<RowValue> row;
    if (in.existing_value != nullptr) {
      row = read_row_value(view(*in.existing_value));
      // Left as it is, so that a read can report it; nothing that was stored is overwritten.
      if (!row) return keep(*in.existing_value, out);
    }
    for (const rocksdb::Slice& bytes : in.operand_list) {
      const std::optional<RowValue> operand = read_row_value(view(bytes));
      if (!operand || !operand->is_operand()) continue;
      if (row) {
        fold(*row, *operand);
      } else {
        row = operand;
      }
    }
    if (!row) return keep(in.operand_list.back(), out);
    // Nothing comes before a whole row that this could decide about.
    row->written = {};
    // RocksDB hands over a buffer that it has used before.
    out->new_value.clear();
    append_row_value(out->new_value, *row);
    return true;
  }

  bool PartialMerge(const rocksdb::Slice&, const rocksdb::Slice& left, const rocksdb::Slice& right,
                    std::string* out, rocksdb::Logger*) const override {
    std::optional<RowValue> first = read_row_value(view(left));
    const std::optional<RowValue> second = read_row_value(view(right));
    if (!first || !second || !fold_together(*first, *second)) return false;
    fold(*first, *second);
    out->clear();
    append_row_value(*out, *first);
    return true;
  }

 private:
  static bool keep(const rocksdb::Slice& value, MergeOperationOutput* out) {
    out->new_value.assign(value.data(), value.size());
    return true;
  }
};

}  // namespace

RowValue merge_operand(const RowChange& change, std::uint64_t row_version, WallTime now) {
  // Counting counts merges; folded counts add up.
  const std::int64_t operand = change.merge == MergeKind::count ? 1 : change.operand;
  RowValue row{.row_version = row_version,
               .time = change.time,
               .expires = change.expires,
               .written = change.expires.value == 0 ? WallTime() : now};
  if (change.aggregate != nullptr) {
    row.aggregate = *change.aggregate;
  } else {
    row.number = Number{.kind = change.merge, .value = operand};
  }
  return row;
}

void fold(RowValue& row, const RowValue& operand) {
  assert(operand.is_operand());
  if (row.expired(operand.written)) {
    row = operand;
    return;
  }
  const EventTime row_time = row.time;
  row.row_version = std::max(row.row_version, operand.row_version);
  // Also of a merge that is refused: what is folded ahead does not know what it will meet.
  row.expires = operand.expires;
  if (row.aggregate || operand.aggregate) {
    if (!row.aggregate || !operand.aggregate) {
      row.merge_refused = true;
      return;
    }
    row.time = std::max(row.time, operand.time);
    row.aggregate->fold(*operand.aggregate);
    return;
  }
  if (!row.number) {
    const std::optional<std::int64_t> integer = as_integer(row.bytes);
    if (!integer) {
      row.merge_refused = true;
      return;
    }
    row.number = Number{operand.number->kind, *integer};
    row.bytes = {};
  }
  row.time = std::max(row.time, operand.time);

  const WideInteger value = operand.number->value;
  row.number->kind = operand.number->kind;
  switch (operand.number->kind) {
    case MergeKind::sum:
    case MergeKind::count:
      row.number->value += value;
      break;
    case MergeKind::min:
      row.number->value = std::min(row.number->value, value);
      break;
    case MergeKind::max:
      row.number->value = std::max(row.number->value, value);
      break;
    case MergeKind::last:
      if (operand.time >= row_time) row.number->value = value;
      break;
  }
}

bool is_number(const RowValue& row) { return row.number || as_integer(row.bytes); }

std::shared_ptr<rocksdb::MergeOperator> make_merge_operator() {
  return std::make_shared<UniversalMerge>();
}

}  // namespace tidemill::state

#include "core/state/aggregate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>

#include "core/state/merge_operator.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

std::optional<JsonNumber> integer(std::int64_t value) { return JsonNumber::of(value); }
std::optional<JsonNumber> real(double value) { return JsonNumber::of(value); }

Aggregate of_one(const std::optional<JsonNumber>& value) {
  Aggregate one{.shows_count = true,
                .window = Aggregate::Window{EventTime(1'431'856'800'000'000),
                                            EventTime(1'431'860'400'000'000)}};
  one.add(value, value, value, value);
  return one;
}

std::string encoded(const RowValue& row) {
  std::string bytes;
  append_row_value(bytes, row);
  return bytes;
}

TEST(Aggregates, ShowWhatTheyKeep) {
  Aggregate both = of_one(integer(4));
  both.fold(of_one(real(1.5)));
  EXPECT_EQ(both.shown(), R"({"window_start":"2015-05-17T10:00:00.000000Z",)"
                          R"("window_end":"2015-05-17T11:00:00.000000Z",)"
                          R"("count":2,"sum":5.5,"min":1.5,"max":4,"avg":2.75})");
  Aggregate totals;
  totals.add(integer(3), {}, {}, {});
  EXPECT_EQ(totals.shown(), R"({"sum":3})");
}

TEST(Aggregates, AreTheSameInEveryOrder) {
  Aggregate forwards = of_one(real(0.1));
  forwards.fold(of_one(integer(-7)));
  forwards.fold(of_one(real(1e300)));
  Aggregate backwards = of_one(real(1e300));
  backwards.fold(of_one(integer(-7)));
  backwards.fold(of_one(real(0.1)));
  EXPECT_EQ(forwards, backwards);
  EXPECT_EQ(forwards.shown(), backwards.shown());
}

TEST(Aggregates, KeepWhatOnlyOneOfThemHas) {
  Aggregate row;
  row.add(integer(3), {}, {}, {});
  Aggregate later;
  later.add(integer(4), {}, {}, integer(10));
  row.fold(later);
  EXPECT_EQ(row.shown(), R"({"sum":7,"avg":10})");
}

TEST(Aggregates, AreReadBackAsWritten) {
  RowValue row{.row_version = 3, .time = EventTime(7)};
  row.aggregate = of_one(real(-2.5));
  EXPECT_EQ(read_row_value(encoded(row)), row);
  EXPECT_EQ(row_body(row), row.aggregate->shown());
}

TEST(Aggregates, ThatAreCutShortOrHoldNoNumberAreNone) {
  RowValue row;
  row.aggregate = of_one(integer(1));
  const std::string bytes = encoded(row);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(read_row_value(bytes.substr(0, size))) << size;
  Aggregate infinite;
  infinite.least = JsonNumber{.is_integer = false, .real = HUGE_VAL};
  RowValue wrong;
  wrong.aggregate = infinite;
  EXPECT_FALSE(read_row_value(encoded(wrong)));
}

TEST(Aggregates, FoldInMerges) {
  const Aggregate one = of_one(integer(1));
  const RowChange change{.kind = EffectKind::merge_row, .time = EventTime(5), .aggregate = &one};
  RowValue row = merge_operand(change, 1, WallTime(1));
  const RowValue operand = merge_operand(change, 2, WallTime(2));
  EXPECT_TRUE(fold_together(row, operand));
  fold(row, operand);
  EXPECT_EQ(row.row_version, 2);
  EXPECT_EQ(row.time, EventTime(5));
  EXPECT_EQ(row.aggregate->count, 2);
  EXPECT_FALSE(row.merge_refused);
}

TEST(Aggregates, AndOtherRowsRefuseEachOther) {
  const Aggregate one = of_one(integer(1));
  const RowChange aggregate{.kind = EffectKind::merge_row, .aggregate = &one};
  const RowValue operand = merge_operand(aggregate, 1, {});
  RowValue text{.bytes = "12"};
  fold(text, operand);
  EXPECT_TRUE(text.merge_refused);
  EXPECT_EQ(row_body(text), "12");
  RowValue number{.number = Number{MergeKind::sum, 3}};
  EXPECT_FALSE(fold_together(number, operand));
  fold(number, operand);
  EXPECT_TRUE(number.merge_refused);
  EXPECT_EQ(row_body(number), "3");
  RowValue row = operand;
  fold(row, RowValue{.number = Number{MergeKind::sum, 3}});
  EXPECT_TRUE(row.merge_refused);
  EXPECT_EQ(row.aggregate->count, 1);
}

}  // namespace
}  // namespace tidemill::state

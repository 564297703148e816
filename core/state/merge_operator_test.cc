#include "core/state/merge_operator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/merge_operator.h>
// After gtest.h, which it extends.
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace tidemill::state {
namespace {

using namespace std::string_literals;

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

RowValue merge(MergeKind kind, std::int64_t operand, std::uint64_t time = 0) {
  return {.time = EventTime(time), .number = Number{kind, operand}};
}

std::string encoded(const RowValue& row) {
  std::string bytes;
  append_row_value(bytes, row);
  return bytes;
}

// What RocksDB does with a row and the operands it finds for it.
std::string full_merge(const std::optional<std::string>& row,
                       const std::vector<std::string>& operands) {
  const std::string row_bytes = row.value_or("");
  const rocksdb::Slice existing = row_bytes;
  const std::vector<rocksdb::Slice> slices(operands.begin(), operands.end());
  std::string merged = "what an earlier merge left in the buffer";
  rocksdb::Slice unused;
  const rocksdb::MergeOperator::MergeOperationInput in("key", row ? &existing : nullptr, slices,
                                                       nullptr);
  rocksdb::MergeOperator::MergeOperationOutput out(merged, unused);
  EXPECT_TRUE(make_merge_operator()->FullMergeV2(in, &out));
  return merged;
}

std::string body(const std::optional<RowValue>& row, const std::vector<RowValue>& merges) {
  std::vector<std::string> operands;
  for (const RowValue& one : merges) operands.push_back(encoded(one));
  const std::string merged =
      full_merge(row ? std::optional(encoded(*row)) : std::nullopt, operands);
  return row_body(*read_row_value(merged));
}

TEST(Merge, MakesARowWhereThereIsNone) {
  EXPECT_EQ(body(std::nullopt, {merge(MergeKind::sum, 3)}), "3");
  EXPECT_EQ(body(std::nullopt, {merge(MergeKind::min, 3), merge(MergeKind::min, -2)}), "-2");
}

TEST(Merge, FoldsEachKind) {
  const RowValue ten{.bytes = "10"};
  EXPECT_EQ(body(ten, {merge(MergeKind::sum, 3), merge(MergeKind::sum, -5)}), "8");
  EXPECT_EQ(body(ten, {merge(MergeKind::count, 1), merge(MergeKind::count, 1)}), "12");
  EXPECT_EQ(body(ten, {merge(MergeKind::min, 3)}), "3");
  EXPECT_EQ(body(ten, {merge(MergeKind::max, 3)}), "10");
  EXPECT_EQ(body(ten, {merge(MergeKind::last, 3)}), "3");
}

TEST(Merge, OfTheLastGoesByEventTimeNotByArrival) {
  EXPECT_EQ(body(std::nullopt, {merge(MergeKind::last, 1, 20), merge(MergeKind::last, 2, 10)}),
            "1");
  EXPECT_EQ(body(std::nullopt, {merge(MergeKind::last, 1, 20), merge(MergeKind::last, 2, 20)}),
            "2");
}

TEST(Merge, OfASumDoesNotOverflow) {
  EXPECT_EQ(
      body(std::nullopt, {merge(MergeKind::sum, int64_max), merge(MergeKind::sum, int64_max)}),
      "18446744073709551614");
}

TEST(Merge, OntoTextThatIsNoIntegerKeepsTheTextAndSaysSo) {
  for (const std::string text :
       {"{\"a\":1}", "", "007", "1.5", "+1", " 1", "-0", "1e3", "99999999999999999999"}) {
    const std::string merged =
        full_merge(encoded({.row_version = 1, .bytes = text}), {encoded(merge(MergeKind::sum, 3))});
    const auto row = read_row_value(merged);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->bytes, text);
    EXPECT_TRUE(row->merge_refused) << text;
  }
}

TEST(Merge, OntoBytesOfAnotherVersionLeavesThemAlone) {
  EXPECT_EQ(full_merge("\x09later"s, {encoded(merge(MergeKind::sum, 3))}), "\x09later");
}

TEST(Merge, SkipsAnOperandThatItCannotRead) {
  EXPECT_EQ(full_merge(std::nullopt, {"\x09later"s, encoded(merge(MergeKind::sum, 3))}),
            encoded(merge(MergeKind::sum, 3)));
  EXPECT_EQ(full_merge(std::nullopt, {"\x09later"s}), "\x09later");
}

TEST(Merge, KeepsTheLatestTimeAndVersionAndMovesTheExpiry) {
  const RowValue row{
      .row_version = 7, .time = EventTime(5), .expires = WallTime(100), .bytes = "1"};
  RowValue operand = merge(MergeKind::sum, 1, 3);
  operand.row_version = 8;
  operand.expires = WallTime(200);
  operand.written = WallTime(99);
  const auto merged = read_row_value(full_merge(encoded(row), {encoded(operand)}));
  EXPECT_EQ(merged, (RowValue{.row_version = 8,
                              .time = EventTime(5),
                              .expires = WallTime(200),
                              .number = Number{MergeKind::sum, 2}}));
}

TEST(Merge, OntoARowThatHadExpiredStartsAfresh) {
  const RowValue row{.time = EventTime(5), .expires = WallTime(100), .bytes = "41"};
  RowValue operand = merge(MergeKind::sum, 1, 3);
  operand.expires = WallTime(200);
  operand.written = WallTime(100);
  RowValue later = merge(MergeKind::sum, 2, 4);
  later.expires = WallTime(300);
  later.written = WallTime(199);
  const auto merged = read_row_value(full_merge(encoded(row), {encoded(operand), encoded(later)}));
  EXPECT_EQ(merged, (RowValue{.time = EventTime(4),
                              .expires = WallTime(300),
                              .number = Number{MergeKind::sum, 3}}));
}

TEST(Merge, IsNotFoldedAheadOverTheExpiryOfTheRow) {
  RowValue first = merge(MergeKind::sum, 1);
  first.expires = WallTime(100);
  RowValue second = merge(MergeKind::sum, 1);
  second.written = WallTime(100);
  std::string out;
  EXPECT_FALSE(
      make_merge_operator()->PartialMerge("key", encoded(first), encoded(second), &out, nullptr));
  second.written = WallTime(99);
  EXPECT_TRUE(
      make_merge_operator()->PartialMerge("key", encoded(first), encoded(second), &out, nullptr));
}

TEST(Merge, OfDifferentKindsIsNotFoldedAhead) {
  std::string out;
  EXPECT_FALSE(make_merge_operator()->PartialMerge(
      "key", encoded(merge(MergeKind::sum, 1)), encoded(merge(MergeKind::min, 1)), &out, nullptr));
  EXPECT_FALSE(make_merge_operator()->PartialMerge("key", encoded(merge(MergeKind::sum, 1)),
                                                   "\x09later", &out, nullptr));
}

// RocksDB folds neighbours whenever it likes; no choice of its may change the outcome.
RC_GTEST_PROP(Merge, GivesTheSameWhicheverNeighboursAreFoldedFirst, ()) {
  const auto operand = rc::gen::apply(
      [](int kind, std::int64_t value, std::uint64_t time, std::uint64_t version,
         std::uint64_t written, std::uint64_t kept) {
        RowValue made = merge(static_cast<MergeKind>(kind), value, time);
        made.row_version = version;
        if (kept > 0) made.expires = WallTime(written + kept);
        if (kept > 0) made.written = WallTime(written);
        return encoded(made);
      },
      rc::gen::inRange(1, 6), rc::gen::arbitrary<std::int64_t>(),
      rc::gen::inRange<std::uint64_t>(0, 4), rc::gen::inRange<std::uint64_t>(0, 4),
      rc::gen::inRange<std::uint64_t>(1, 9), rc::gen::inRange<std::uint64_t>(0, 4));
  const auto operands = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(operand));
  const auto row = *rc::gen::element<std::optional<std::string>>(
      std::nullopt, encoded({.time = EventTime(2), .bytes = "41"}), encoded({.bytes = "{}"}),
      encoded({.expires = WallTime(4), .bytes = "41"}),
      encoded({.expires = WallTime(4), .bytes = "{}"}), encoded(merge(MergeKind::sum, 5, 1)));

  std::vector<std::string> folded = operands;
  const auto tries = *rc::gen::container<std::vector<std::size_t>>(
      rc::gen::inRange<std::size_t>(0, operands.size()));
  for (const std::size_t at : tries) {
    if (at + 1 >= folded.size()) continue;
    std::string both = "left over";
    if (!make_merge_operator()->PartialMerge("key", folded[at], folded[at + 1], &both, nullptr)) {
      continue;
    }
    folded[at] = both;
    folded.erase(folded.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  RC_ASSERT(full_merge(row, operands) == full_merge(row, folded));

  const std::size_t cut = *rc::gen::inRange<std::size_t>(0, operands.size());
  if (cut > 0) {
    const auto middle = operands.begin() + static_cast<std::ptrdiff_t>(cut);
    const std::string first = full_merge(row, {operands.begin(), middle});
    RC_ASSERT(full_merge(row, operands) == full_merge(first, {middle, operands.end()}));
  }
}

}  // namespace
}  // namespace tidemill::state

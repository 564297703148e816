// Rows under any mixture of puts, deletes and merges, against a model that does one after the
// other.
//
// The store folds merges in memory, RocksDB folds them again as it likes; neither may show.
#include <fmt/format.h>
#include <gtest/gtest.h>
// After gtest.h, which it extends.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/state/rocks_store.h"
#include "core/state/rocks_store_fixture.h"
#include "core/state/values.h"

namespace tidemill {
namespace {

struct ModelRow {
  std::optional<state::WideInteger> number;
  std::string text;  // Without a number.
  std::uint64_t time = 0;
  WallTime expires;

  std::string body() const { return number ? fmt::format("{}", *number) : text; }
};

class Model {
 public:
  void change(const RowChange& change, const std::string& key, const std::string& data,
              WallTime at) {
    if (change.kind == EffectKind::delete_row) {
      rows_.erase(key);
    } else if (change.kind == EffectKind::put_row) {
      rows_[key] = {{}, data, change.time.value, change.expires};
    } else {
      merge(change, key, at);
    }
  }

  std::optional<std::string> body(const std::string& key, WallTime at) const {
    const auto found = rows_.find(key);
    if (found == rows_.end() || expired(found->second, at)) return std::nullopt;
    return found->second.body();
  }

 private:
  static bool expired(const ModelRow& row, WallTime at) {
    return row.expires.value != 0 && row.expires <= at;
  }

  void merge(const RowChange& change, const std::string& key, WallTime at) {
    const std::int64_t operand = change.merge == MergeKind::count ? 1 : change.operand;
    const auto found = rows_.find(key);
    // A merge that never expires does not look at the clock.
    const bool absent =
        found == rows_.end() || (change.expires.value != 0 && expired(found->second, at));
    if (absent) {
      rows_[key] = {operand, {}, change.time.value, change.expires};
      return;
    }
    ModelRow& row = found->second;
    row.expires = change.expires;
    if (!row.number && row.text == "12") row.number = 12;
    if (!row.number) return;
    if (change.merge == MergeKind::sum || change.merge == MergeKind::count) *row.number += operand;
    if (change.merge == MergeKind::min)
      row.number = std::min<state::WideInteger>(*row.number, operand);
    if (change.merge == MergeKind::max)
      row.number = std::max<state::WideInteger>(*row.number, operand);
    if (change.merge == MergeKind::last && change.time.value >= row.time) row.number = operand;
    row.time = std::max(row.time, change.time.value);
  }

  std::map<std::string, ModelRow> rows_;
};

TEST_F(RocksStoreTest, AnyMixtureOfChangesLeavesWhatDoingThemOneByOneLeaves) {
  const TableId t = table("t");
  int example = 0;
  const auto holds = [&] {
    // A table of its own would cost a column family for each example.
    const std::string prefix = fmt::format("{}/", ++example);
    Model model;
    // As a table is: with an expiry for all its rows, or without. What merges onto text that
    // expires leave depends on when a compaction comes by (store-format.md), so there is none of
    // that here.
    const auto kept = static_cast<std::uint64_t>(*rc::gen::element(0, 5, 15));
    const int groups = *rc::gen::inRange(1, 6);
    WallTime at(100);
    for (int group = 0; group < groups; ++group) {
      const auto size = *rc::gen::inRange<std::size_t>(0, 12);
      std::vector<std::string> row_keys(size);
      std::vector<std::string> data(size);
      std::vector<RowChange> rows;
      for (std::size_t i = 0; i < size; ++i) {
        row_keys[i] = prefix + static_cast<char>('a' + *rc::gen::inRange(0, 3));
        data[i] = kept > 0 ? "12" : *rc::gen::element<std::string>("12", "{}", "x");
        const int kind = *rc::gen::weightedElement<int>({{1, 0}, {1, 1}, {6, 2}});
        rows.push_back({.table = t,
                        .kind = kind == 0   ? EffectKind::put_row
                                : kind == 1 ? EffectKind::delete_row
                                            : EffectKind::merge_row,
                        .merge = static_cast<MergeKind>(*rc::gen::inRange(1, 6)),
                        .operand = *rc::gen::inRange<std::int64_t>(-50, 50),
                        .time = EventTime(*rc::gen::inRange<std::uint64_t>(0, 4)),
                        .expires = kept == 0 ? WallTime() : WallTime(at.value + kept),
                        .key = row_keys[i],
                        .data = data[i]});
        model.change(rows.back(), row_keys[i], data[i], at);
      }
      RC_ASSERT(try_commit({{.pipeline = PipelineId(1), .rows = std::move(rows)}}, at,
                           Durability::periodic)
                    .has_value());
      if (*rc::gen::inRange(0, 8) == 0) RC_ASSERT(store_->flush().has_value());
      at = WallTime(at.value + static_cast<std::uint64_t>(*rc::gen::inRange(0, 12)));
    }
    for (const char name : {'a', 'b', 'c'}) {
      const std::string key = prefix + name;
      const auto row = store_->row(t, key, at).value();
      RC_ASSERT((row ? std::optional(row->body) : std::nullopt) == model.body(key, at));
    }
  };
  EXPECT_TRUE(rc::check("changes one by one", holds));
}

}  // namespace
}  // namespace tidemill

#include "core/state/expiry_filter.h"

#include <rocksdb/compaction_filter.h>

#include <string>
#include <utility>

#include "core/state/merge_operator.h"
#include "core/state/values.h"

namespace tidemill::state {
namespace {

class ExpiryFilter final : public rocksdb::CompactionFilter {
 public:
  explicit ExpiryFilter(WallTime now) : now_(now) {}

  const char* Name() const override { return "tidemill.expiry.v1"; }

  Decision FilterV2(int, const rocksdb::Slice&, ValueType type, const rocksdb::Slice& value,
                    std::string*, std::string*) const override {
    if (type != ValueType::kValue) return Decision::kKeep;
    const auto row = read_row_value({value.data(), value.size()});
    const bool removed = row && row->expired(now_) && !is_number(*row);
    return removed ? Decision::kRemove : Decision::kKeep;
  }

 private:
  WallTime now_;
};

class ExpiryFilterFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit ExpiryFilterFactory(std::shared_ptr<const StoreClock> clock)
      : clock_(std::move(clock)) {}

  const char* Name() const override { return "tidemill.expiry.v1"; }

  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<ExpiryFilter>(WallTime(clock_->load(std::memory_order_relaxed)));
  }

 private:
  std::shared_ptr<const StoreClock> clock_;
};

}  // namespace

std::shared_ptr<rocksdb::CompactionFilterFactory> make_expiry_filter(
    std::shared_ptr<const StoreClock> clock) {
  return std::make_shared<ExpiryFilterFactory>(std::move(clock));
}

}  // namespace tidemill::state

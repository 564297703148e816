#include "core/invoke/suspect_set.h"

#include <algorithm>

namespace tidemill {
namespace {

using Finding = SuspectSet::Finding;

Finding finding_of(const CrashedBatch& batch) {
  if (!batch.alone) return batch.stray ? Finding::stray_suspect : Finding::suspect;
  return batch.lost ? Finding::lost_alone : Finding::crashed_alone;
}

}  // namespace

SuspectSet::SuspectSet(const BatchOrigin& origin, std::span<const CrashedBatch> crashed)
    : progress_(origin.progress) {
  for (const CrashedBatch& batch : crashed) {
    if (batch.pipeline != origin.pipeline || batch.code != origin.code) continue;
    all_ = all_ || batch.all;
    const Finding finding = finding_of(batch);
    for (const CrashedBatch::Range& range : batch.ranges) ranges_.push_back({range, finding});
    for (const std::uint64_t event : batch.events) {
      Finding& known = events_[event];
      known = std::max(known, finding);
    }
  }
}

Finding SuspectSet::of(const Event& event) const {
  Finding worst = all_ ? Finding::suspect : Finding::none;
  if (progress_ != ProgressKind::log) {
    const auto found = events_.find(event_hash(event));
    return found == events_.end() ? worst : std::max(worst, found->second);
  }
  for (const auto& [where, finding] : ranges_)
    if (where.partition == event.partition && where.first <= event.offset &&
        event.offset <= where.last)
      worst = std::max(worst, finding);
  return worst;
}

}  // namespace tidemill

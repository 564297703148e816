// SuspectSet: which events of one pipeline stood in the hands of its function when an earlier
// process crashed. Built once from the crash record, then asked for every event that comes in.
//
// Immutable, so free of threads.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/invoke/crash_record.h"

namespace tidemill {

class SuspectSet {
 public:
  enum class Finding : std::uint8_t {
    none,
    suspect,        ///< It goes alone.
    stray_suspect,  ///< Alone, and with no other call beside it: the crash could not be placed.
    crashed_alone,  ///< Guilty: alone, it ended the process.
    lost_alone,     ///< Guilty: alone, it never returned.
  };

  /// Takes what `crashed` says about `origin`.
  SuspectSet(const BatchOrigin& origin, std::span<const CrashedBatch> crashed);

  /// Nobody is suspected.
  bool empty() const { return !all_ && ranges_.empty() && events_.empty(); }

  Finding of(const Event& event) const;

 private:
  struct Range {
    CrashedBatch::Range where;
    Finding finding;
  };

  const ProgressKind progress_;
  bool all_ = false;
  std::vector<Range> ranges_;
  std::unordered_map<std::uint64_t, Finding> events_;  // By event_hash().
};

}  // namespace tidemill

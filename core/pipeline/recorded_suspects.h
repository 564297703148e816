// RecordedSuspects: what the crash record of earlier processes means for the events of one
// pipeline.
#pragma once

#include <string>
#include <utility>

#include "core/dispatch/suspects.h"
#include "core/invoke/suspect_set.h"

namespace tidemill {

class RecordedSuspects final : public Suspects {
 public:
  RecordedSuspects(SuspectSet set, std::string function)
      : set_(std::move(set)), function_(std::move(function)) {}

  Suspicion of(const Event& event) const override {
    switch (set_.of(event)) {
      case SuspectSet::Finding::none:
        return Suspicion::none;
      case SuspectSet::Finding::suspect:
      case SuspectSet::Finding::stray_suspect:
        return Suspicion::suspect;
      case SuspectSet::Finding::crashed_alone:
      case SuspectSet::Finding::lost_alone:
        return Suspicion::guilty;
    }
    return Suspicion::none;
  }

  /// Whether a suspect has to be the only one that runs.
  bool stray(const Event& event) const {
    return set_.of(event) == SuspectSet::Finding::stray_suspect;
  }

  std::string reason(const Event& event) const override {
    if (set_.of(event) == SuspectSet::Finding::lost_alone)
      return "function " + function_ + " did not return from this event, twice";
    return "the process crashed while function " + function_ + " handled this event";
  }

 private:
  const SuspectSet set_;
  const std::string function_;
};

}  // namespace tidemill

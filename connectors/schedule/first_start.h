// FirstStart: when a schedule was started for the first time, kept in a small file of the data
// folder.
//
// The engine knows how far a schedule has come by its last event that settled. Before there is one,
// this is what a restart goes on from, or the first instants would be lost with the process.
#pragma once

#include <string>
#include <string_view>

#include "tidemill/result.h"
#include "timetable.h"

namespace tidemill::schedule {

class FirstStart {
 public:
  /// Of a pipeline's schedule.
  FirstStart(const std::string& data_folder, std::string_view pipeline, std::string_view identity);

  /// What was noted; where nothing was, notes `now`. Blocking; for pool threads. Errors: transient.
  Result<Seconds> read_or_note(Seconds now) const;

 private:
  std::string whose_;
  std::string path_;
};

}  // namespace tidemill::schedule

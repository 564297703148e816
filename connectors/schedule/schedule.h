// The schedule connector: an event at each instant of a schedule.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tidemill/registry.h"
#include "timetable.h"

namespace tidemill::schedule {

/// What becomes of instants that passed while nobody could take them.
enum class Misfire { skip, once, all };

struct Config {
  std::string expression;
  std::optional<std::chrono::microseconds> every;
  std::string timezone = "UTC";
  std::string start;
  std::string end;
  std::chrono::microseconds jitter{0};
  Misfire misfire = Misfire::once;
  std::uint32_t misfire_limit = 1000;
  std::chrono::microseconds grace = std::chrono::minutes(1);
  Mapping data;
};

ConfigSpec<Config> source_spec();

/// Errors: bad_config.
Result<Timetable> make_timetable(const Config& config);

/// What the instants belong to: schedules with the same ones have the same. Without the pipeline.
std::string identity_of(const Config& config);

void register_with(Registry& registry);

}  // namespace tidemill::schedule

// Figures as people read them at a glance, in few columns. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "tidemill/time.h"

namespace tidemill::app {

/// 0, 0.4, 17, 999, 12.3k, 4.56M: three digits that count.
std::string short_number(double number);

/// 0B, 512B, 1.5KiB, 12.3MiB, 205GiB.
std::string short_bytes(double bytes);

/// 85us, 1.25ms, 340ms, 12.5s, 3m20s, 2h14m, 5d3h.
std::string short_duration(Duration duration);

/// 1,204,311.
std::string grouped(std::uint64_t number);

}  // namespace tidemill::app

// Limits: what one evaluation of an expression may take.
#pragma once

#include <chrono>
#include <cstddef>

#include "tidemill/time.h"

namespace tidemill::expression {

struct Limits {
  Duration time = std::chrono::seconds(1);  ///< Of CPU. Noticed up to JqWatch::period late.
  std::size_t memory = std::size_t{64} << 20;
};

}  // namespace tidemill::expression

// Breaks the first rule of the ABI at the first opportunity.
#include "tidemill/function_abi.h"

#include <cstdint>
#include <stdexcept>

extern "C" const tidemill_function* tidemill_function_entry(std::uint32_t) {
  throw std::runtime_error("no licence found");
}

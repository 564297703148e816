// Speaks a minor version that is newer than the engine's.
#include "tidemill/function_abi.h"

#include <cstdint>

static tidemill_function table;

extern "C" const tidemill_function* tidemill_function_entry(std::uint32_t abi_major) {
  table.size = sizeof table;
  table.abi_major = TIDEMILL_ABI_MAJOR;
  table.abi_minor = TIDEMILL_ABI_MINOR + 1;
  return abi_major == TIDEMILL_ABI_MAJOR ? &table : nullptr;
}

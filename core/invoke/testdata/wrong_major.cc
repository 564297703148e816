// Speaks ABI 2.3 only.
#include "tidemill/function_abi.h"

#include <cstdint>

static tidemill_function table;

extern "C" const tidemill_function* tidemill_function_entry(std::uint32_t abi_major) {
  table.size = sizeof table;
  table.abi_major = 2;
  table.abi_minor = 3;
  return abi_major == 2 ? &table : nullptr;
}

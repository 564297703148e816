// What a worker is told before its first batch, in the request area: which plugin to run, and with
// what configuration. It travels here and not on the command line, where others could read it.
//
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tidemill/config_spec.h"
#include "tidemill/result.h"

namespace tidemill::worker {

struct Start {
  std::string plugin;    ///< Path of the .so.
  std::string function;  ///< Its name, for logs.
  ResolvedOptions config;
  std::uint64_t memory_bytes_max = 0;  ///< What the process may take beyond what it starts with.
  std::uint64_t engine = 0;            ///< Process id of the parent that must be alive.
};

/// Answers how many bytes it takes. Errors: bad_config when it does not fit.
Result<std::size_t> write_start(std::span<char> area, const Start& start);

/// Errors: transient when the area does not hold one.
Result<Start> read_start(std::string_view area);

}  // namespace tidemill::worker

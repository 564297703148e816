// Fingerprints: which build of a function, with which configuration, made a response. They are
// recorded in dead letters, so the way they are computed is part of the store's meaning: xxh3 with
// 128 bits, as lower-case hex. Pure but for reading the file. Not a defence against forgery.
#pragma once

#include <string>
#include <string_view>

#include "tidemill/config_spec.h"
#include "tidemill/result.h"

namespace tidemill {

/// Errors: bad_config when the file cannot be read.
Result<std::string> fingerprint_of_file(const std::string& path);

/// Combines a binary's fingerprint with its configuration. The order in which different options
/// were written does not matter; the order within a list does.
std::string fingerprint_of(std::string_view binary_hash, const ResolvedOptions& options);

}  // namespace tidemill

// The token of the admin API, in a file that only its owner should be able to read.
//
// Blocking; from any thread.
#pragma once

#include <string>

#include "tidemill/result.h"

namespace tidemill {

/// The file's text without surrounding white space.
///
/// Errors: bad_config.
Result<std::string> read_token_file(const std::string& path);

struct Token {
  std::string text;
  bool is_new = false;  ///< There was no such file.
};

/// As read_token_file(), but a file that is missing is made first, for its owner alone, with 256
/// random bits: so that a container's first start needs no secret from anywhere.
///
/// Errors: bad_config.
Result<Token> read_or_make_token_file(const std::string& path);

}  // namespace tidemill

// Url: where a server is, as people write it in an option.
//
// A value; no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::http_client {

struct Url {
  bool tls = false;
  std::string host;  ///< A name or an address; IPv6 without brackets.
  std::uint16_t port = 0;
  std::string path;  ///< As it was written, percent-encoded; empty, or it begins with '/'.

  /// What the Host header says: without the scheme's own port.
  std::string authority() const;

  /// "https://HOST:PORT", for people and for telling servers apart.
  std::string origin() const;
};

/// Takes http:// and https://, with a path but without a query. Errors: bad_config; the text of a
/// url that has a password in it is not repeated.
Result<Url> parse_url(std::string_view text);

}  // namespace tidemill::http_client

// Endpoint: where a broker listens, as people write it in `hosts`.
//
// A value; no I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::amqp {

struct Endpoint {
  std::string host;  ///< A name or an address; IPv6 without brackets.
  std::uint16_t port = 0;

  /// HOST:PORT, for people.
  std::string text() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// HOST or HOST:PORT, IPv6 in brackets; without a port it is the protocol's, 5671 with TLS and 5672
/// without. Errors: bad_config.
Result<Endpoint> parse_endpoint(std::string_view text, bool tls);

}  // namespace tidemill::amqp

// TlsContext: `tls:` of a connector, read from its files once, as connections use it.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <optional>
#include <string>

#include "tidemill/result.h"
#include "tidemill/security_options.h"

namespace tidemill::http_client {

/// TLS 1.2 and later; servers are verified against the given authorities or the system's. Errors:
/// bad_config, with the option whose file cannot be used; passwords are never part of it.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

/// Before a handshake: names the host to the server, where it is a name and no address.
void name_host(SSL* ssl, const std::string& host);

/// Behind a handshake that failed with `error`: the server was not to be believed, and why, as
/// bad_config; nothing where it failed for another reason. `server` is for people.
std::optional<Error> disbelief(SSL* ssl, const boost::system::error_code& error,
                               const std::string& server);

}  // namespace tidemill::http_client

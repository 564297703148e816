// TlsContext: `tls:` of a connector, read from its files once, as connections use it.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "tidemill/result.h"
#include "tidemill/security_options.h"

namespace tidemill::http_client {

/// TLS 1.2 and later; servers are verified against the given authorities or the system's. Errors:
/// bad_config, with the option whose file cannot be used; passwords are never part of it.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsOptions& options);

}  // namespace tidemill::http_client

// What a door that speaks TLS shows of itself.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "tidemill/http.h"
#include "tidemill/result.h"

namespace tidemill {

/// A server's context, TLS 1.2 and later. Reads both files. Errors: bad_config, which names the
/// file.
Result<std::shared_ptr<boost::asio::ssl::context>> tls_context(const HttpTls& tls);

}  // namespace tidemill

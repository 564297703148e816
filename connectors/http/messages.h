// The answers that the source itself makes: {"message": ...}, as API Gateway writes them.
#pragma once

#include <string_view>

#include "tidemill/async.h"
#include "tidemill/http.h"

namespace tidemill::http {

HttpResponse message(unsigned status, std::string_view text);

/// The same, with when to send it again; `retry_after` in seconds.
HttpResponse busy(unsigned status, std::string_view why, std::string_view retry_after = "1");

/// Where a coroutine is wanted, and there is nothing to wait for.
Task<HttpResponse> at_once(HttpResponse response);

}  // namespace tidemill::http

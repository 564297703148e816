// The head of an answer as bytes: status line, headers, empty line. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/http.h"
#include "tidemill/time.h"

namespace tidemill {

struct ResponseFrame {
  unsigned version = 11;  ///< Of the request: 10 or 11.
  bool keep_alive = true;
  bool chunked = false;   ///< Else the body is HttpResponse::body, or goes on until the end.
  std::string_view date;  ///< As http_date() makes it.
};

/// Appends the head of `response`. Headers of its own that cannot be sent as they are (a line end
/// in a value, no name) are not, and false is returned.
bool append_response_head(std::string& out, const HttpResponse& response,
                          const ResponseFrame& frame);

/// Has an answer of this status no body, ever?
bool is_bodiless(unsigned status);

/// "Sun, 06 Nov 1994 08:49:37 GMT", as HTTP writes dates.
std::string http_date(WallTime time);

}  // namespace tidemill

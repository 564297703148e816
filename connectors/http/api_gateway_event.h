// A request as the HTTP APIs of API Gateway hand it to a Lambda function (payload format 2.0), and
// what they make of what the function returns. So a function written for them runs here as it is.
//
// Pure, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "route_table.h"
#include "tidemill/http.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::http {

/// A request that was routed; views of its parts.
struct ApiRequest {
  std::string_view method;
  std::string_view path;   ///< As it was sent, without the query.
  std::string_view query;  ///< As it was sent, without the '?'.
  std::string_view protocol = "HTTP/1.1";
  std::span<const HttpHeader> headers;
  std::string_view body;
  std::string_view route_key;
  std::span<const PathParam> params;
  std::string_view source_ip;
  std::string_view request_id;
  std::string_view caller;  ///< The name of who called; empty: nobody was asked for it.
  WallTime time;
  std::string_view account_id = "000000000000";
  std::string_view api_id;  ///< Of the listener or pipeline.
};

/// Appends the event as JSON. Its body is text where Content-Type says that it is and it is UTF-8,
/// else base64; members for cookies, query, path parameters and body are there where the request
/// has any. Who called is `requestContext.authorizer.lambda.principalId`.
void append_api_gateway_event(std::string& out, const ApiRequest& request);

/// An answer to send.
struct Reply {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The answer that a function means by what it returned: an object with `statusCode`, and
/// `headers`, `cookies`, `body` and `isBase64Encoded` if it likes; any other JSON is the body of a
/// 200, of type application/json, as it stands. Headers that are the server's to set
/// (Content-Length, Connection and such) are left out; an answer that names no content type is
/// text/plain.
///
/// Errors: bad_event, when it is no such answer; for the client that is a 502.
Result<Reply> reply_of(std::string_view returned);

}  // namespace tidemill::http

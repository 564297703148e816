// A request as the HTTP APIs of API Gateway hand it to a Lambda function (payload format 2.0).
//
// Pure, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "route_table.h"
#include "tidemill/http.h"
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

}  // namespace tidemill::http

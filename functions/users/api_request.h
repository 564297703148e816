// ApiRequest: what the function needs of a request in API Gateway's shape (payload format 2.0).
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "tidemill/result.h"

namespace tidemill::users {

struct ApiRequest {
  std::string method;  ///< GET, POST, ...
  std::string id;      ///< The path parameter; empty: none.
  std::string after;   ///< The query's `after` and `limit`; empty: not given.
  std::string limit;
  std::string request_id;
  std::string body;  ///< As it was sent.
};

/// Errors: bad_event (it is no such request).
Result<ApiRequest> read_request(std::string_view data);

}  // namespace tidemill::users

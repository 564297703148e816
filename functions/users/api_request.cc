#include "api_request.h"

namespace tidemill::users {
namespace {

namespace json = boost::json;

// The text at a path of names; empty where there is none.
std::string text_at(const json::value& whole, std::initializer_list<std::string_view> names) {
  const json::value* at = &whole;
  for (const std::string_view name : names) {
    if (!at->is_object()) return {};
    at = at->get_object().if_contains(name);
    if (at == nullptr) return {};
  }
  return at->is_string() ? std::string(at->get_string()) : std::string();
}

}  // namespace

Result<ApiRequest> read_request(std::string_view data) {
  boost::system::error_code error;
  const json::value event = json::parse(data, error);
  ApiRequest request;
  if (!error) request.method = text_at(event, {"requestContext", "http", "method"});
  if (request.method.empty())
    return fail(Fault::bad_event,
                "this is no request in API Gateway's shape: the source has to be `http` with "
                "respond: reply");
  request.id = text_at(event, {"pathParameters", "id"});
  request.after = text_at(event, {"queryStringParameters", "after"});
  request.limit = text_at(event, {"queryStringParameters", "limit"});
  request.request_id = text_at(event, {"requestContext", "requestId"});
  request.body = text_at(event, {"body"});
  const json::value* binary = event.get_object().if_contains("isBase64Encoded");
  request.binary = binary != nullptr && binary->is_bool() && binary->get_bool();
  return request;
}

}  // namespace tidemill::users

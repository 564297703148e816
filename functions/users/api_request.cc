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

// API Gateway encodes what does not call itself text, such as what curl sends unless it is told
// otherwise. Nothing where it is no base64.
std::string from_base64(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const auto digit = digits.find(c);
    if (digit == digits.npos) return {};
    held = held << 6 | static_cast<std::uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xFF);
  }
  return bytes;
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
  const json::value* const encoded = event.get_object().if_contains("isBase64Encoded");
  if (encoded != nullptr && encoded->is_bool() && encoded->get_bool())
    request.body = from_base64(request.body);
  return request;
}

}  // namespace tidemill::users

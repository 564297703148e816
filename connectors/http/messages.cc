#include "messages.h"

#include <string>
#include <utility>

#include "json_text/json_text.h"

namespace tidemill::http {

HttpResponse message(unsigned status, std::string_view text) {
  std::string body = "{\"message\":";
  append_json_string(body, text);
  body += '}';
  return json_response(std::move(body), status);
}

HttpResponse busy(unsigned status, std::string_view why, std::string_view retry_after) {
  auto response = message(status, why);
  response.headers.emplace_back("Retry-After", retry_after);
  return response;
}

Task<HttpResponse> at_once(HttpResponse response) { co_return std::move(response); }

}  // namespace tidemill::http

#include "core/admin/access.h"

#include <cstddef>

namespace tidemill {

namespace {

// "name:port", "[::1]:port" or either without a port.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool is_loopback_name(std::string_view host) {
  const auto name = without_port(host);
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

bool same_origin(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme) && origin.substr(scheme.size()) == host) return true;
  return false;
}

// Takes as long for a wrong first letter as for a wrong last one.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

std::optional<HttpResponse> refusal(Door door, std::string_view token, const Credentials& sent) {
  if (door == Door::unix_socket) return std::nullopt;

  if (!token.empty()) {
    if (!equal_in_constant_time(sent.authorization, "Bearer " + std::string(token))) {
      auto answer = text_response(401, "send the token as Authorization: Bearer TOKEN\n");
      answer.headers.emplace_back("WWW-Authenticate", "Bearer");
      return answer;
    }
  } else if (!is_loopback_name(sent.host)) {
    return text_response(403, "the Host header must be localhost, 127.0.0.1 or [::1]\n");
  }

  if (!sent.origin.empty() && !same_origin(sent.origin, sent.host))
    return text_response(403, "requests from pages of another origin are refused\n");
  return std::nullopt;
}

}  // namespace tidemill

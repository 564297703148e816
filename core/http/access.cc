#include "core/http/access.h"

#include <openssl/evp.h>

#include <cstddef>
#include <string>

#include "tidemill/http_words.h"

namespace tidemill {

namespace {

// Takes as long for a wrong first letter as for a wrong last one.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

// What is behind the colon of Basic's NAME:PASSWORD; empty where that is not what was sent.
std::string password_of(std::string_view basic) {
  constexpr std::size_t text_max = 4096;
  if (basic.empty() || basic.size() > text_max || basic.size() % 4 != 0) return {};
  std::string text(basic.size(), '\0');
  const int bytes = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                    reinterpret_cast<const unsigned char*>(basic.data()),
                                    static_cast<int>(basic.size()));
  if (bytes < 0) return {};
  text.resize(static_cast<std::size_t>(bytes));
  // OpenSSL counts what only pads.
  for (auto rest = basic; rest.ends_with('='); rest.remove_suffix(1))
    if (!text.empty()) text.pop_back();
  const auto colon = text.find(':');
  return colon == text.npos ? std::string() : text.substr(colon + 1);
}

bool has_token(std::string_view token, std::string_view authorization) {
  constexpr std::string_view bearer = "Bearer ";
  constexpr std::string_view basic = "Basic ";
  if (authorization.starts_with(bearer))
    return equal_in_constant_time(authorization.substr(bearer.size()), token);
  return authorization.starts_with(basic) &&
         equal_in_constant_time(password_of(authorization.substr(basic.size())), token);
}

}  // namespace

std::optional<HttpResponse> refusal(Door door, std::string_view token, const Credentials& sent) {
  if (door == Door::unix_socket) return std::nullopt;

  if (!token.empty()) {
    if (!has_token(token, sent.authorization)) {
      auto answer = text_response(401, "send the token as Authorization: Bearer TOKEN\n");
      answer.headers.emplace_back("WWW-Authenticate", "Bearer");
      return answer;
    }
  } else if (!is_loopback_host(sent.host)) {
    return text_response(403, "the Host header must be localhost, 127.0.0.1 or [::1]\n");
  }

  if (!sent.origin.empty() && !is_same_origin(sent.origin, sent.host))
    return text_response(403, "requests from pages of another origin are refused\n");
  return std::nullopt;
}

}  // namespace tidemill

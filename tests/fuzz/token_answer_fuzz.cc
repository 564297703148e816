// Any bytes are a token that can stand in a header, or an error; and a refusal's reason is short.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/oauth_token.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto token = tidemill::http::parse_token_answer(text)) {
    require(!token->text.empty() && token->lasts.count() >= 0);
    for (const char c : token->text) require(static_cast<unsigned char>(c) > ' ' && c != '\x7f');
  } else {
    require(!token.error().message.empty());
  }
  require(tidemill::http::parse_token_refusal(text).size() <= 200);
  return 0;
}

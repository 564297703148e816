#include "caller.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "json_text/json_text.h"

namespace tidemill::http {
namespace {

// What follows "Bearer ", whichever case that is in; nothing where it is another scheme.
std::optional<std::string_view> after_scheme(std::string_view authorization,
                                             std::string_view scheme) {
  const HttpHeader begin{authorization.substr(0, scheme.size()), "yes"};
  if (header_of({&begin, 1}, scheme).empty()) return std::nullopt;
  auto rest = authorization.substr(scheme.size());
  if (!rest.starts_with(' ')) return std::nullopt;
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

}  // namespace

ConfigSpec<CallerOptions> caller_spec() {
  return ConfigSpec<CallerOptions>("Takes only requests of those who are known.")
      .field("api_keys", &CallerOptions::api_keys,
             "Keys as NAME:KEY, sent in a header; the function sees the name.")
      .field("header", &CallerOptions::header, "The header that keys are sent in.")
      .field("bearer", &CallerOptions::bearer,
             "Tokens as NAME:TOKEN, sent as Authorization: Bearer TOKEN.")
      .field("basic", &CallerOptions::basic,
             "Logins as NAME:PASSWORD, sent as Authorization: Basic.")
      .check("auth.header must not be empty",
             [](const CallerOptions& options) { return !options.header.empty(); });
}

Callers::Digest Callers::digest_of(std::string_view secret) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data());
  return digest;
}

Result<Callers> Callers::make(const CallerOptions& options) {
  Callers callers;
  callers.header_ = options.header;
  if (auto added = callers.add(Kind::api_key, "api_keys", options.api_keys); !added)
    return std::unexpected(added.error());
  if (auto added = callers.add(Kind::bearer, "bearer", options.bearer); !added)
    return std::unexpected(added.error());
  if (auto added = callers.add(Kind::basic, "basic", options.basic); !added)
    return std::unexpected(added.error());
  if (!options.bearer.empty()) callers.challenge_ = "Bearer";
  if (!options.basic.empty())
    callers.challenge_ +=
        callers.challenge_.empty() ? "Basic realm=\"tidemill\"" : ", Basic realm=\"tidemill\"";
  return callers;
}

// No message holds any part of an entry but its place: it may be a secret from its first letter.
Result<> Callers::add(Kind kind, std::string_view option, const std::vector<Secret>& entries) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string about =
        "auth." + std::string(option) + ", entry " + std::to_string(i + 1) + ": ";
    const std::string_view entry = entries[i].value;
    const auto colon = entry.find(':');
    if (colon == entry.npos || colon == 0 || colon + 1 == entry.size())
      return fail(
          Fault::bad_config,
          about + "expected NAME:SECRET, neither of them empty, such as mobile:${MOBILE_KEY}");
    // Of a login, the name is sent as well.
    const Digest digest = digest_of(kind == Kind::basic ? entry : entry.substr(colon + 1));
    for (const Known& other : known_)
      if (other.kind == kind && other.digest == digest)
        return fail(Fault::bad_config, about + "another entry has the same secret");
    known_.push_back({kind, std::string(entry.substr(0, colon)), digest});
  }
  return {};
}

std::optional<std::string_view> Callers::who(std::span<const HttpHeader> headers) const {
  if (const auto key = header_of(headers, header_); !key.empty())
    if (auto name = match(Kind::api_key, key)) return name;
  return match_authorization(header_of(headers, "authorization"));
}

std::optional<std::string_view> Callers::match_authorization(std::string_view sent) const {
  if (const auto token = after_scheme(sent, "Bearer")) return match(Kind::bearer, *token);
  const auto encoded = after_scheme(sent, "Basic");
  std::string login;
  if (!encoded || !append_from_base64(login, *encoded)) return std::nullopt;
  return match(Kind::basic, login);
}

std::optional<std::string_view> Callers::match(Kind kind, std::string_view sent) const {
  const Digest digest = digest_of(sent);
  const Known* found = nullptr;
  for (const Known& one : known_) {
    const bool same = CRYPTO_memcmp(one.digest.data(), digest.data(), digest.size()) == 0;
    if (same && one.kind == kind) found = &one;
  }
  if (found == nullptr) return std::nullopt;
  return found->name;
}

}  // namespace tidemill::http

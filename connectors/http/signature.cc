#include "signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <utility>

#include "json_text/json_text.h"

namespace tidemill::http {
namespace {

constexpr std::size_t signatures_max = 16;  // In one header: more are no rotation of secrets.
constexpr std::string_view signature_ending = "-signature";
constexpr std::string_view secret_prefix = "whsec_";

struct Free {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Mac = std::unique_ptr<EVP_MAC_CTX, Free>;

struct Digest {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
  std::size_t size = 0;
};

std::string_view name_of(HmacAlgorithm algorithm) {
  switch (algorithm) {
    case HmacAlgorithm::sha1:
      return "sha1";
    case HmacAlgorithm::sha512:
      return "sha512";
    case HmacAlgorithm::sha256:
      break;
  }
  return "sha256";
}

std::string_view header_by_default(HmacScheme scheme) {
  switch (scheme) {
    case HmacScheme::stripe:
      return "Stripe-Signature";
    case HmacScheme::standard:
      return "webhook-signature";
    case HmacScheme::github:
      break;
  }
  return "X-Hub-Signature-256";
}

// A MAC that has its key and waits for bytes. Only a broken library can fail here.
Mac keyed(HmacAlgorithm algorithm, std::string_view key) {
  const std::unique_ptr<EVP_MAC, Free> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  Mac mac(EVP_MAC_CTX_new(hmac.get()));
  std::string digest(name_of(algorithm));
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
      OSSL_PARAM_construct_end()};
  const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
  if (!mac || EVP_MAC_init(mac.get(), bytes, key.size(), parameters.data()) != 1) std::abort();
  return mac;
}

Digest digest_of(const Mac& keyed, std::initializer_list<std::string_view> parts) {
  const Mac mac(EVP_MAC_CTX_dup(keyed.get()));
  Digest digest;
  bool fine = mac != nullptr;
  for (const std::string_view part : parts)
    fine = fine && EVP_MAC_update(mac.get(), reinterpret_cast<const unsigned char*>(part.data()),
                                  part.size()) == 1;
  if (!fine ||
      EVP_MAC_final(mac.get(), digest.bytes.data(), &digest.size, digest.bytes.size()) != 1)
    std::abort();
  return digest;
}

std::optional<std::uint8_t> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// A signature as bytes, of hex or base64: which it is, says its length. Of no bytes where it is
// neither.
std::string signature_bytes(std::string_view text, std::size_t size) {
  std::string bytes;
  if (text.size() != size * 2) {
    if (!append_from_base64(bytes, text) || bytes.size() != size) bytes.clear();
    return bytes;
  }
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_value(text[i]);
    const auto low = hex_value(text[i + 1]);
    if (!high || !low) return {};
    bytes += static_cast<char>(*high << 4 | *low);
  }
  return bytes;
}

bool same(const Digest& digest, std::string_view signature) {
  return signature.size() == digest.size &&
         CRYPTO_memcmp(signature.data(), digest.bytes.data(), digest.size) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// What stands before the separator, which is taken as well.
std::string_view next_part(std::string_view& list, char separator) {
  const auto part = list.substr(0, list.find(separator));
  list.remove_prefix(std::min(part.size() + 1, list.size()));
  return trimmed(part);
}

std::unexpected<Error> refuse(std::string why) { return fail(Fault::bad_event, std::move(why)); }

std::unexpected<Error> missing(std::string_view header) {
  return refuse("the header " + std::string(header) + " is missing");
}

std::unexpected<Error> wrong(std::string_view header) {
  return refuse("the signature in " + std::string(header) + " is not that of this request");
}

}  // namespace

struct SignatureVerifier::Keys {
  std::vector<Mac> keyed;

  // Whether one of the signatures, as bytes, is that of the parts under one of the keys. All are
  // compared, whichever it is.
  bool sign(std::span<const std::string> signatures,
            std::initializer_list<std::string_view> parts) const {
    bool found = false;
    for (const Mac& key : keyed) {
      const Digest digest = digest_of(key, parts);
      for (const std::string& signature : signatures) found |= same(digest, signature);
    }
    return found;
  }

  std::size_t size() const { return EVP_MAC_CTX_get_mac_size(keyed.front().get()); }
};

ConfigSpec<HmacOptions> hmac_spec() {
  return ConfigSpec<HmacOptions>("Takes only requests that are signed with a secret.")
      .field("header", &HmacOptions::header,
             "The header with the signature; by itself X-Hub-Signature-256, Stripe-Signature or "
             "webhook-signature, as the scheme has it.")
      .field("secret", &HmacOptions::secrets,
             "What requests are signed with; of several any will do, so that one can be replaced.")
      .choice(
          "scheme", &HmacOptions::scheme,
          "What is signed: the body; its time and the body, as Stripe does; or its id, its time "
          "and the body, as Standard Webhooks have it.",
          {{"github", HmacScheme::github},
           {"stripe", HmacScheme::stripe},
           {"standard", HmacScheme::standard}})
      .choice("algorithm", &HmacOptions::algorithm, "The hash in the HMAC.",
              {{"sha256", HmacAlgorithm::sha256},
               {"sha1", HmacAlgorithm::sha1},
               {"sha512", HmacAlgorithm::sha512}})
      .field("tolerance", &HmacOptions::tolerance,
             "How far from now the time of a signature may be, where it has one.",
             in_range(1'000'000, 86'400'000'000))
      .check("hmac needs a secret",
             [](const HmacOptions& o) {
               return o.on() || (o.header.empty() && o.scheme == HmacScheme::github);
             })
      .check("hmac.secret must not be empty",
             [](const HmacOptions& o) {
               return std::ranges::none_of(o.secrets,
                                           [](const Secret& s) { return s.value.empty(); });
             })
      .check("hmac.header of scheme standard ends with -signature, as webhook-signature does",
             [](const HmacOptions& o) {
               return o.scheme != HmacScheme::standard || o.header.empty() ||
                      o.header.ends_with("-signature") || o.header.ends_with("-Signature");
             });
}

Result<SignatureVerifier> SignatureVerifier::make(const HmacOptions& options) {
  auto keys = std::make_unique<Keys>();
  for (const Secret& secret : options.secrets) {
    std::string key = secret.value;
    if (options.scheme == HmacScheme::standard) {
      std::string_view text = secret.value;
      if (text.starts_with(secret_prefix)) text.remove_prefix(secret_prefix.size());
      key.clear();
      if (!append_from_base64(key, text) || key.empty())
        return fail(
            Fault::bad_config,
            "hmac.secret: of scheme standard it is base64, with or without whsec_ before it");
    }
    keys->keyed.push_back(keyed(options.algorithm, key));
  }
  return SignatureVerifier(options, std::move(keys));
}

SignatureVerifier::SignatureVerifier(HmacOptions options, std::unique_ptr<Keys> keys)
    : options_(std::move(options)), keys_(std::move(keys)) {
  options_.secrets.clear();
  if (options_.header.empty()) options_.header = header_by_default(options_.scheme);
  if (options_.scheme != HmacScheme::standard) return;
  const auto stem = options_.header.substr(0, options_.header.size() - signature_ending.size());
  id_header_ = stem + "-id";
  time_header_ = stem + "-timestamp";
}

SignatureVerifier::SignatureVerifier(SignatureVerifier&&) noexcept = default;
SignatureVerifier& SignatureVerifier::operator=(SignatureVerifier&&) noexcept = default;
SignatureVerifier::~SignatureVerifier() = default;

Result<> SignatureVerifier::verify(std::span<const HttpHeader> headers, std::string_view body,
                                   WallTime now) const {
  switch (options_.scheme) {
    case HmacScheme::stripe:
      return verify_stripe(headers, body, now);
    case HmacScheme::standard:
      return verify_standard(headers, body, now);
    case HmacScheme::github:
      break;
  }
  return verify_github(headers, body);
}

Result<> SignatureVerifier::verify_github(std::span<const HttpHeader> headers,
                                          std::string_view body) const {
  std::string_view sent = trimmed(header_of(headers, options_.header));
  if (sent.empty()) return missing(options_.header);
  const std::string_view algorithm = name_of(options_.algorithm);
  if (sent.starts_with(algorithm) && sent.substr(algorithm.size()).starts_with('='))
    sent.remove_prefix(algorithm.size() + 1);
  const std::string signature = signature_bytes(sent, keys_->size());
  if (!keys_->sign({&signature, 1}, {body})) return wrong(options_.header);
  return {};
}

Result<> SignatureVerifier::verify_stripe(std::span<const HttpHeader> headers,
                                          std::string_view body, WallTime now) const {
  std::string_view sent = header_of(headers, options_.header);
  if (sent.empty()) return missing(options_.header);
  std::string_view seconds;
  std::vector<std::string> signatures;
  while (!sent.empty()) {
    std::string_view value = next_part(sent, ',');
    const std::string_view name = next_part(value, '=');
    if (name == "t") seconds = value;
    if (name == "v1" && signatures.size() < signatures_max)
      signatures.push_back(signature_bytes(value, keys_->size()));
  }
  if (auto timely = check_time(seconds, now); !timely) return timely;
  if (!keys_->sign(signatures, {seconds, ".", body})) return wrong(options_.header);
  return {};
}

Result<> SignatureVerifier::verify_standard(std::span<const HttpHeader> headers,
                                            std::string_view body, WallTime now) const {
  const std::string_view id = header_of(headers, id_header_);
  const std::string_view seconds = header_of(headers, time_header_);
  std::string_view sent = header_of(headers, options_.header);
  if (id.empty()) return missing(id_header_);
  if (seconds.empty()) return missing(time_header_);
  if (sent.empty()) return missing(options_.header);
  std::vector<std::string> signatures;
  while (!sent.empty()) {
    std::string_view value = next_part(sent, ' ');
    if (next_part(value, ',') == "v1" && signatures.size() < signatures_max)
      signatures.push_back(signature_bytes(value, keys_->size()));
  }
  if (auto timely = check_time(seconds, now); !timely) return timely;
  if (!keys_->sign(signatures, {id, ".", seconds, ".", body})) return wrong(options_.header);
  return {};
}

Result<> SignatureVerifier::check_time(std::string_view seconds, WallTime now) const {
  std::uint64_t at = 0;
  const char* const end = seconds.data() + seconds.size();
  const auto [stopped, error] = std::from_chars(seconds.data(), end, at);
  if (seconds.empty() || error != std::errc{} || stopped != end)
    return refuse("the signature has no time in seconds since 1970");
  const std::uint64_t here = now.value / 1'000'000;
  const auto tolerance = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(options_.tolerance).count());
  if (here > at && here - at > tolerance)
    return refuse("it was signed " + std::to_string(here - at) + " seconds ago; at most " +
                  std::to_string(tolerance) + " are taken");
  if (at > here && at - here > tolerance)
    return refuse("its signature is " + std::to_string(at - here) +
                  " seconds ahead of this machine's clock");
  return {};
}

}  // namespace tidemill::http

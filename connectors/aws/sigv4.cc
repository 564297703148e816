#include "sigv4.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <vector>

#include "digest.h"
#include "uri.h"

namespace tidemill::aws {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

// "20150830T123600Z"; its first eight characters are the day.
std::string timestamp(WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<Duration>(Duration(static_cast<Duration::rep>(now.value))));
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d%02u%02uT%02d%02d%02dZ", int{date.year()},
      unsigned{date.month()}, unsigned{date.day()}, static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

// Without "." and "..", and with single slashes.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> parts;
  const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(part);
  }
  std::string text;
  for (const auto part : parts) text.append("/").append(part);
  if (folder || text.empty()) text += '/';
  return text;
}

// Of pairs that are encoded already.
std::string sorted_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    const auto equal = pair.find('=');
    pairs.emplace_back(pair.substr(0, equal),
                       equal == pair.npos ? std::string_view() : pair.substr(equal + 1));
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
  }
  std::ranges::sort(pairs);
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

// Without spaces around it, and with single ones in it.
std::string trimmed(std::string_view value) {
  std::string text;
  bool gap = false;
  for (const char c : value) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space && gap && !text.empty()) text += ' ';
    gap = space;
    if (!space) text += c;
  }
  return text;
}

std::map<std::string, std::string> canonical_headers(const http_client::Request& request) {
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) {
    std::string lower(name);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    auto [found, fresh] = headers.try_emplace(std::move(lower), trimmed(value));
    if (!fresh) found->second.append(",").append(trimmed(value));
  }
  return headers;
}

std::string scope_text(const std::string& time, const SigningScope& scope) {
  return time.substr(0, 8) + '/' + scope.region + '/' + scope.service + "/aws4_request";
}

}  // namespace

Signature signature_of(const http_client::Request& request, std::string_view payload_hash,
                       const SigningScope& scope, const Credentials& credentials, WallTime now) {
  Signature result;
  std::string canonical = request.method + '\n';
  const std::string_view target = request.target;
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  if (scope.path == CanonicalPath::as_sent) {
    canonical += path;
  } else {
    canonical += uri_encode_path(normalized(path));
  }
  canonical += '\n';
  if (question != target.npos) canonical += sorted_query(target.substr(question + 1));
  canonical += '\n';
  for (const auto& [name, value] : canonical_headers(request)) {
    canonical.append(name).append(":").append(value).append("\n");
    if (!result.signed_headers.empty()) result.signed_headers += ';';
    result.signed_headers += name;
  }
  canonical.append("\n").append(result.signed_headers).append("\n").append(payload_hash);
  result.canonical_request = std::move(canonical);

  const std::string time = timestamp(now);
  result.string_to_sign.append(algorithm).append("\n").append(time).append("\n");
  result.string_to_sign.append(scope_text(time, scope)).append("\n");
  result.string_to_sign += hex(sha256(result.canonical_request));

  const std::string first = "AWS4" + credentials.secret_key;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(first.data());
  auto key = hmac_sha256({bytes, first.size()}, std::string_view(time).substr(0, 8));
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  key = hmac_sha256(key, "aws4_request");
  result.signature = hex(hmac_sha256(key, result.string_to_sign));
  return result;
}

void sign(http_client::Request& request, std::string_view authority, const SigningScope& scope,
          const Credentials& credentials, WallTime now) {
  const std::string time = timestamp(now);
  const std::string hash = hex(sha256(request.body));
  // Host is the client's to send; here it only counts.
  request.headers.push_back({"Host", std::string(authority)});
  request.headers.push_back({"X-Amz-Date", time});
  request.headers.push_back({"X-Amz-Content-Sha256", hash});
  if (!credentials.session_token.empty())
    request.headers.push_back({"X-Amz-Security-Token", credentials.session_token});
  const auto made = signature_of(request, hash, scope, credentials, now);
  std::erase_if(request.headers, [](const auto& h) { return h.name == "Host"; });
  request.headers.push_back(
      {"Authorization", std::string(algorithm) + " Credential=" + credentials.access_key + '/' +
                            scope_text(time, scope) + ", SignedHeaders=" + made.signed_headers +
                            ", Signature=" + made.signature});
}

}  // namespace tidemill::aws

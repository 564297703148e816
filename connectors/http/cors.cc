#include "cors.h"

#include <algorithm>

namespace tidemill::http {
namespace {

constexpr std::string_view all = "*";

bool has_all(const std::vector<std::string>& list) {
  return std::ranges::find(list, all) != list.end();
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& one : list) text.append(text.empty() ? "" : ", ").append(one);
  return text;
}

// "https://example.com:8443", "https://*", "*": no path, and no other place for the '*'.
bool is_origin(std::string_view text) {
  if (text == all) return true;
  const auto scheme = text.find("://");
  if (scheme == text.npos || scheme == 0) return false;
  const auto host = text.substr(scheme + 3);
  return host == all || (!host.empty() && host.find_first_of("/*? #") == host.npos);
}

// Origins are compared byte by byte: browsers write them in lower case.
bool fits(std::string_view pattern, std::string_view origin) {
  if (!pattern.ends_with('*')) return pattern == origin;
  return origin.size() >= pattern.size() &&
         origin.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool is_header_text(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~' && c != ','; });
}

bool all_header_text(const CorsOptions& options) {
  for (const auto* list : {&options.allow_methods, &options.allow_headers, &options.expose_headers})
    if (!std::ranges::all_of(*list, is_header_text)) return false;
  return true;
}

}  // namespace

ConfigSpec<CorsOptions> cors_spec() {
  return ConfigSpec<CorsOptions>("Which pages of other origins may use this.")
      .field("allow_origins", &CorsOptions::allow_origins,
             "Origins of pages that may: https://example.com, https://* for all of a scheme, or *.")
      .field("allow_methods", &CorsOptions::allow_methods, "Methods that they may use, or *.")
      .field("allow_headers", &CorsOptions::allow_headers, "Headers that they may send, or *.")
      .field("expose_headers", &CorsOptions::expose_headers,
             "Headers of answers they may see, or *.")
      .field("max_age", &CorsOptions::max_age, "How long a browser need not ask again.",
             in_range(0, 86'400'000'000))
      .field("allow_credentials", &CorsOptions::allow_credentials,
             "Lets them send cookies and logins.")
      .check("cors needs allow_origins",
             [](const CorsOptions& o) {
               return o.on() || (o.allow_methods.empty() && o.allow_headers.empty() &&
                                 o.expose_headers.empty() && !o.max_age && !o.allow_credentials);
             })
      .check("cors.allow_origins: an origin is written as https://example.com, https://* or *",
             [](const CorsOptions& o) { return std::ranges::all_of(o.allow_origins, is_origin); })
      .check("cors: methods and names of headers have neither blanks nor commas", all_header_text)
      .check("cors.allow_credentials: browsers take no * beside it; list what is allowed",
             [](const CorsOptions& o) {
               return !o.allow_credentials ||
                      !(has_all(o.allow_origins) || has_all(o.allow_methods) ||
                        has_all(o.allow_headers) || has_all(o.expose_headers));
             });
}

Cors::Cors(const CorsOptions& options)
    : origins_(options.allow_origins),
      any_origin_(has_all(options.allow_origins)),
      credentials_(options.allow_credentials),
      methods_(joined(options.allow_methods)),
      headers_(joined(options.allow_headers)),
      exposed_(joined(options.expose_headers)) {
  if (options.max_age)
    max_age_ =
        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*options.max_age).count());
}

bool Cors::is_preflight(std::string_view method, std::span<const HttpHeader> headers) {
  return method == "OPTIONS" && !header_of(headers, "origin").empty() &&
         !header_of(headers, "access-control-request-method").empty();
}

void Cors::preflight(std::span<const HttpHeader> headers, std::vector<HttpHeader>& out) const {
  const std::string_view origin = allowed_origin(headers);
  add_origin(origin, out);
  if (origin.empty()) return;
  if (!methods_.empty()) out.push_back({"access-control-allow-methods", methods_});
  if (!headers_.empty()) out.push_back({"access-control-allow-headers", headers_});
  if (!max_age_.empty()) out.push_back({"access-control-max-age", max_age_});
}

void Cors::answer(std::span<const HttpHeader> headers, std::vector<HttpHeader>& out) const {
  const std::string_view origin = allowed_origin(headers);
  add_origin(origin, out);
  if (!origin.empty() && !exposed_.empty())
    out.push_back({"access-control-expose-headers", exposed_});
}

// What to name as the origin that is allowed; empty where this one is not, or there is none.
std::string_view Cors::allowed_origin(std::span<const HttpHeader> headers) const {
  const std::string_view origin = header_of(headers, "origin");
  if (origin.empty()) return {};
  if (any_origin_) return all;
  const bool fine = std::ranges::any_of(
      origins_, [origin](const std::string& pattern) { return fits(pattern, origin); });
  return fine ? origin : std::string_view();
}

void Cors::add_origin(std::string_view allowed, std::vector<HttpHeader>& out) const {
  // Caches must not hand the answer for one origin to a page of another.
  if (!any_origin_) out.push_back({"vary", "origin"});
  if (allowed.empty()) return;
  out.push_back({"access-control-allow-origin", allowed});
  if (credentials_) out.push_back({"access-control-allow-credentials", "true"});
}

}  // namespace tidemill::http

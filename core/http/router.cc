#include "core/http/router.h"

#include <charconv>
#include <cstdint>
#include <utility>

namespace tidemill {

namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
}

using Params = std::map<std::string, std::string, std::less<>>;

// The {names} of the pattern with their decoded values, or nothing where the path does not fit.
std::optional<Params> matched(const std::vector<std::string>& pattern,
                              const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Params params;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    auto decoded = percent_decoded(path[i]);
    if (!decoded) return std::nullopt;
    if (is_name(pattern[i])) {
      params[pattern[i].substr(1, pattern[i].size() - 2)] = std::move(*decoded);
    } else if (pattern[i] != *decoded) {
      return std::nullopt;
    }
  }
  return params;
}

Task<HttpResponse> at_once(
    std::shared_ptr<const std::function<HttpResponse(const HttpRequest&)>> handler,
    HttpRequest& request) {
  co_return (*handler)(request);
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, HttpHandler handler) {
  routes_.push_back({std::string(method), segments_of(pattern), std::move(handler)});
}

void Router::add_immediate(std::string_view method, std::string_view pattern,
                           std::function<HttpResponse(const HttpRequest&)> handler) {
  auto shared =
      std::make_shared<const std::function<HttpResponse(const HttpRequest&)>>(std::move(handler));
  add(method, pattern, std::bind_front(at_once, std::move(shared)));
}

Task<HttpResponse> Router::answer(HttpRequest& request) const {
  const auto path = segments_of(request.path);
  std::string allowed;
  for (const Route& route : routes_) {
    auto params = matched(route.segments, path);
    if (!params) continue;
    if (route.method == request.method) {
      request.params = std::move(*params);
      co_return co_await route.handler(request);
    }
    allowed += (allowed.empty() ? "" : ", ") + route.method;
  }
  if (allowed.empty()) co_return text_response(404, "nothing at " + request.path + "\n");
  auto refusal = text_response(405, request.path + " takes " + allowed + "\n");
  refusal.headers.emplace_back("Allow", allowed);
  co_return refusal;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    std::uint8_t byte = 0;
    const auto end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, byte, 16);
    if (digits.size() != 2 || error != std::errc{} || stopped != end) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

bool set_target(HttpRequest& request, std::string_view target) {
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (request.path.find('%') != request.path.npos && !percent_decoded(request.path)) return false;

  auto rest = question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  request.query_text = rest;
  request.query.clear();
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals));
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : percent_decoded(pair.substr(equals + 1));
    if (!name || !value) return false;
    request.query[*name] = std::move(*value);
  }
  return true;
}

}  // namespace tidemill

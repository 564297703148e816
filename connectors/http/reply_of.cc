// The other half of api_gateway_event.h: what a function's answer means.
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "api_gateway_event.h"
#include "json_text/json_text.h"

namespace tidemill::http {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 512;
constexpr std::string_view content_type = "content-type";

// How a message is framed on its connection is the server's business.
constexpr std::array<std::string_view, 7> server_headers{
    "connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"};

std::unexpected<Error> refuse(std::string why) {
  return fail(Fault::bad_event, "this is no answer to a request: " + std::move(why));
}

bool is_named(std::string_view name, std::string_view other) {
  const HttpHeader header{name, "x"};
  return !header_of({&header, 1}, other).empty();
}

bool is_servers(std::string_view name) {
  for (const std::string_view one : server_headers)
    if (is_named(name, one)) return true;
  return false;
}

bool is_token(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  for (const char c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      others.find(c) != others.npos;
    if (!fine) return false;
  }
  return !name.empty();
}

// A line end in a value would begin a header of its own, or the body.
bool is_header_value(std::string_view value) {
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) return false;
  return true;
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

// A number or text, of three digits.
std::optional<unsigned> status_of(const json::value& value) {
  unsigned status = 0;
  if (const json::string* const text = value.if_string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), status);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  } else {
    boost::system::error_code error;
    status = value.to_number<unsigned>(error);
    if (error) return std::nullopt;
  }
  if (status < 200 || status > 599) return std::nullopt;
  return status;
}

class ReplyReader {
 public:
  explicit ReplyReader(const json::object& answer) : answer_(answer) {}

  Result<Reply> read(const json::value& code) {
    const auto status = status_of(code);
    if (!status)
      return refuse("its statusCode is " + json::serialize(code).substr(0, 64) +
                    "; it has to be one from 200 to 599");
    reply_.status = *status;
    if (auto taken = take_headers(); !taken) return std::unexpected(taken.error());
    if (auto taken = take_cookies(); !taken) return std::unexpected(taken.error());
    if (auto taken = take_body(); !taken) return std::unexpected(taken.error());
    return std::move(reply_);
  }

 private:
  // One that is null is not there.
  const json::value* member(std::string_view name) const {
    const json::value* const found = answer_.if_contains({name.data(), name.size()});
    return found == nullptr || found->is_null() ? nullptr : found;
  }

  Result<> add_header(std::string_view name, std::string_view value) {
    if (!is_token(name))
      return refuse("a header's name is '" + std::string(name.substr(0, 64)) + "'");
    if (!is_header_value(value))
      return refuse("its header '" + std::string(name) + "' has control characters");
    if (!is_servers(name)) reply_.headers.emplace_back(name, value);
    return {};
  }

  Result<> take_headers() {
    const json::value* const headers = member("headers");
    bool typed = false;
    if (headers != nullptr && !headers->is_object()) return refuse("its headers are no object");
    static const json::object none;
    for (const auto& [key, value] : headers == nullptr ? none : headers->get_object()) {
      const std::string_view name(key.data(), key.size());
      if (value.is_null()) continue;
      if (value.is_structured())
        return refuse("its header '" + std::string(name) + "' is no text, number, true or false");
      const json::string* const text = value.if_string();
      const std::string other = text == nullptr ? json::serialize(value) : std::string();
      if (auto added = add_header(name, text == nullptr ? other : view(*text)); !added)
        return added;
      typed = typed || is_named(name, content_type);
    }
    if (!typed) reply_.headers.emplace_back(content_type, "text/plain; charset=utf-8");
    return {};
  }

  Result<> take_cookies() {
    const json::value* const cookies = member("cookies");
    if (cookies == nullptr) return {};
    if (!cookies->is_array()) return refuse("its cookies are no list");
    for (const json::value& cookie : cookies->get_array()) {
      if (!cookie.is_string()) return refuse("a cookie is no text");
      if (auto added = add_header("set-cookie", view(cookie.get_string())); !added) return added;
    }
    return {};
  }

  Result<> take_body() {
    const json::value* const body = member("body");
    const json::value* const encoded = member("isBase64Encoded");
    if (encoded != nullptr && !encoded->is_bool())
      return refuse("its isBase64Encoded is neither true nor false");
    if (body == nullptr) return {};
    if (!body->is_string())
      return refuse("its body is no text; a body that is JSON has to be serialized first");
    const std::string_view text = view(body->get_string());
    if (encoded == nullptr || !encoded->get_bool())
      reply_.body = text;
    else if (!append_from_base64(reply_.body, text))
      return refuse("its body is no base64, but isBase64Encoded is true");
    return {};
  }

  const json::object& answer_;
  Reply reply_;
};

}  // namespace

Result<Reply> reply_of(std::string_view returned) {
  std::array<unsigned char, 8192> memory;  // Most answers need no more.
  json::monotonic_resource resource(memory.data(), memory.size());
  json::parse_options options;
  options.max_depth = depth_max;
  boost::system::error_code error;
  const json::value answer =
      json::parse({returned.data(), returned.size()}, error, &resource, options);
  if (error) return refuse("it is not JSON");
  if (const json::object* const object = answer.if_object())
    if (const json::value* const code = object->if_contains("statusCode"))
      return ReplyReader(*object).read(*code);
  return Reply{.status = 200,
               .headers = {{std::string(content_type), "application/json"}},
               .body = std::string(returned)};
}

}  // namespace tidemill::http

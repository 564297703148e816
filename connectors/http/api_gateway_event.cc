#include "api_gateway_event.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "json_text/json_text.h"
#include "percent.h"

namespace tidemill::http {
namespace {

void append_lower(std::string& out, std::string_view text) {
  const std::size_t start = out.size();
  out += text;
  std::transform(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
                 out.begin() + static_cast<std::ptrdiff_t>(start), ascii_lower);
}

// ,"name": where `out` is inside an object that has a member.
void append_name(std::string& out, std::string_view name) {
  out.append(",\"").append(name).append("\":");
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  append_name(out, name);
  append_json_string(out, value);
}

// Names that may repeat, with their values, in memory that is used again by the next request.
class NamedValues {
 public:
  void clear() {
    text_.clear();
    entries_.clear();
  }

  // Appends to what it is given: first the name, then the value.
  template <class Name, class Value>
  void add(Name append_name, Value append_value) {
    const std::size_t start = text_.size();
    append_name(text_);
    const std::size_t middle = text_.size();
    append_value(text_);
    entries_.push_back({start, middle - start, middle, text_.size() - middle});
  }

  bool empty() const { return entries_.empty(); }

  // As an object, in the order of names; the values of a name are joined by commas, in theirs.
  // Sorted, so that ten thousand parameters cost no more than ten times a thousand.
  void append_object(std::string& out) {
    std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) {
      const auto order = name(a) <=> name(b);
      return order != 0 ? order < 0 : a.name_at < b.name_at;
    });
    out += '{';
    for (std::size_t i = 0; i < entries_.size();) {
      if (i > 0) out += ',';
      append_json_string(out, name(entries_[i]));
      out += ':';
      std::size_t end = i + 1;
      while (end < entries_.size() && name(entries_[end]) == name(entries_[i])) ++end;
      append_joined(out, i, end);
      i = end;
    }
    out += '}';
  }

 private:
  struct Entry {
    std::size_t name_at, name_size, value_at, value_size;
  };

  std::string_view name(const Entry& entry) const {
    return std::string_view(text_).substr(entry.name_at, entry.name_size);
  }
  std::string_view value(const Entry& entry) const {
    return std::string_view(text_).substr(entry.value_at, entry.value_size);
  }

  void append_joined(std::string& out, std::size_t begin, std::size_t end) {
    if (end - begin == 1) return append_json_string(out, value(entries_[begin]));
    joined_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      if (i > begin) joined_ += ',';
      joined_ += value(entries_[i]);
    }
    append_json_string(out, joined_);
  }

  std::string text_;
  std::string joined_;
  std::vector<Entry> entries_;
};

bool is_cookie(const HttpHeader& header) {
  const HttpHeader named{header.name, "yes"};
  return !header_of({&named, 1}, "cookie").empty();
}

void append_cookies(std::string& out, std::span<const HttpHeader> headers) {
  bool first = true;
  for (const HttpHeader& header : headers) {
    if (!is_cookie(header)) continue;
    for (std::string_view rest = header.value; !rest.empty();) {
      auto cookie = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(cookie.size() + 1, rest.size()));
      while (cookie.starts_with(' ')) cookie.remove_prefix(1);
      if (cookie.empty()) continue;
      if (first) append_name(out, "cookies");
      out += first ? '[' : ',';
      first = false;
      append_json_string(out, cookie);
    }
  }
  if (!first) out += ']';
}

void append_headers(std::string& out, NamedValues& values, std::span<const HttpHeader> headers) {
  values.clear();
  for (const HttpHeader& header : headers)
    if (!is_cookie(header))
      values.add([&header](std::string& text) { append_lower(text, header.name); },
                 [&header](std::string& text) { text += header.value; });
  append_name(out, "headers");
  values.append_object(out);
}

void append_query(std::string& out, NamedValues& values, std::string_view query) {
  values.clear();
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const auto name = pair.substr(0, pair.find('='));
    const auto value = pair.substr(std::min(name.size() + 1, pair.size()));
    values.add([name](std::string& text) { append_query_decoded(text, name); },
               [value](std::string& text) { append_query_decoded(text, value); });
  }
  if (values.empty()) return;
  append_name(out, "queryStringParameters");
  values.append_object(out);
}

void append_two_digits(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

// "21/Apr/2020:15:08:21 +0000"
void append_time(std::string& out, WallTime time) {
  constexpr std::array<std::string_view, 12> months{"/Jan/", "/Feb/", "/Mar/", "/Apr/",
                                                    "/May/", "/Jun/", "/Jul/", "/Aug/",
                                                    "/Sep/", "/Oct/", "/Nov/", "/Dec/"};
  const std::uint64_t second = time.value / 1'000'000;
  const std::chrono::sys_seconds at{std::chrono::seconds(second)};
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
  append_name(out, "time");
  out += '"';
  append_two_digits(out, unsigned{date.day()});
  out += months[unsigned{date.month()} - 1];
  append_number(out, static_cast<std::uint64_t>(int{date.year()}));
  for (const std::uint64_t part : {second / 3600 % 24, second / 60 % 60, second % 60}) {
    out += ':';
    append_two_digits(out, static_cast<unsigned>(part));
  }
  out += " +0000\"";
  append_name(out, "timeEpoch");
  append_number(out, time.value / 1000);
}

// "name:port" or "[::1]:port" without the port.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

void append_context(std::string& out, const ApiRequest& request) {
  const std::string_view domain = without_port(header_of(request.headers, "host"));
  append_name(out, "requestContext");
  out += "{\"accountId\":";
  append_json_string(out, request.account_id);
  append_member(out, "apiId", request.api_id);
  if (!request.caller.empty()) {
    append_name(out, "authorizer");
    out += "{\"lambda\":{\"principalId\":";
    append_json_string(out, request.caller);
    out += "}}";
  }
  append_member(out, "domainName", domain);
  append_member(out, "domainPrefix", domain.substr(0, domain.find('.')));
  append_name(out, "http");
  out += "{\"method\":";
  append_json_string(out, request.method);
  append_member(out, "path", request.path);
  append_member(out, "protocol", request.protocol);
  append_member(out, "sourceIp", request.source_ip);
  append_member(out, "userAgent", header_of(request.headers, "user-agent"));
  out += '}';
  append_member(out, "requestId", request.request_id);
  append_member(out, "routeKey", request.route_key);
  append_member(out, "stage", "$default");
  append_time(out, request.time);
  out += '}';
}

// As API Gateway has it: text, JSON, XML and JavaScript; what has no type is text.
bool is_text(std::string_view content_type) {
  std::string type;
  append_lower(type, content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ')) type.pop_back();
  return names_json(type) || type.starts_with("text/") || type == "application/xml" ||
         type.ends_with("+xml") || type == "application/javascript";
}

void append_body(std::string& out, const ApiRequest& request) {
  const std::string_view body = request.body;
  const bool plain = body.empty() || (is_text(header_of(request.headers, "content-type")) &&
                                      simdjson::validate_utf8(body.data(), body.size()));
  if (!body.empty()) {
    append_name(out, "body");
    out += '"';
    plain ? append_json_escaped(out, body) : append_base64(out, body);
    out += '"';
  }
  append_name(out, "isBase64Encoded");
  out += plain ? "false" : "true";
}

}  // namespace

void append_api_gateway_event(std::string& out, const ApiRequest& request) {
  // One per thread: it keeps its memory.
  thread_local NamedValues values;
  out += "{\"version\":\"2.0\"";
  append_member(out, "routeKey", request.route_key);
  append_member(out, "rawPath", request.path);
  append_member(out, "rawQueryString", request.query);
  append_cookies(out, request.headers);
  append_headers(out, values, request.headers);
  append_query(out, values, request.query);
  append_context(out, request);
  if (!request.params.empty()) {
    append_name(out, "pathParameters");
    out += '{';
    for (const PathParam& param : request.params) {
      if (&param != request.params.data()) out += ',';
      append_json_string(out, param.name);
      out += ':';
      append_json_string(out, param.value);
    }
    out += '}';
  }
  append_body(out, request);
  out += '}';
}

}  // namespace tidemill::http

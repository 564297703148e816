#include "core/http/response_head.h"

#include <boost/beast/http/status.hpp>
#include <charconv>
#include <chrono>

#include "tidemill/http_words.h"

namespace tidemill {
namespace {

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// What the connection says itself.
bool is_of_the_connection(std::string_view name) {
  for (const std::string_view own : {"Connection", "Content-Length", "Transfer-Encoding"})
    if (same_header(name, own)) return true;
  return false;
}

}  // namespace

bool is_bodiless(unsigned status) { return status < 200 || status == 204 || status == 304; }

bool append_response_head(std::string& out, const HttpResponse& response,
                          const ResponseFrame& frame) {
  out += frame.version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
  out.append(reason.data(), reason.size()).append("\r\nServer: tidemill\r\n");
  append_header(out, "Date", frame.date);
  const bool bodiless = is_bodiless(response.status);
  bool sound = is_header_value(response.content_type);
  if (!bodiless && sound && !response.content_type.empty())
    append_header(out, "Content-Type", response.content_type);
  bool cache = false;
  for (const auto& [name, value] : response.headers) {
    const bool good = is_header_name(name) && is_header_value(value) && !is_of_the_connection(name);
    sound = sound && good;
    cache = cache || same_header(name, "Cache-Control");
    if (good) append_header(out, name, value);
  }
  if (!cache) out += "Cache-Control: no-store\r\n";
  out += "X-Content-Type-Options: nosniff\r\n";
  if (frame.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (!bodiless && response.stream == nullptr) {
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  }
  if (!frame.keep_alive) {
    out += "Connection: close\r\n";
  } else if (frame.version == 10) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return sound;
}

std::string http_date(WallTime time) {
  using namespace std::chrono;
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds whole{seconds(time.value / 1'000'000)};
  const auto day = floor<std::chrono::days>(whole);
  const year_month_day date(day);
  const hh_mm_ss clock(whole - day);
  std::string out = days[weekday(day).c_encoding()];
  const auto two = [&out](std::uint64_t number, const char* behind) {
    if (number < 10) out += '0';
    append_number(out, number);
    out += behind;
  };
  out += ", ";
  two(unsigned(date.day()), " ");
  out.append(months[unsigned(date.month()) - 1]).append(" ");
  append_number(out, static_cast<std::uint64_t>(int(date.year())));
  out += ' ';
  two(static_cast<std::uint64_t>(clock.hours().count()), ":");
  two(static_cast<std::uint64_t>(clock.minutes().count()), ":");
  two(static_cast<std::uint64_t>(clock.seconds().count()), " GMT");
  return out;
}

}  // namespace tidemill

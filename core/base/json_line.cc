#include "core/base/json_line.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

namespace tidemill {
namespace {

namespace json = boost::json;

std::string base64(std::string_view bytes) {
  // OpenSSL counts in int; whole triples in each piece leave no padding inside.
  constexpr std::size_t piece_max = std::size_t{3} << 20;
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_max, bytes.size()))) {
    const std::string_view piece = bytes.substr(0, piece_max);
    const std::size_t begin = out.size();
    // One byte more, for the zero that OpenSSL puts at the end.
    out.resize(begin + (piece.size() + 2) / 3 * 4 + 1);
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data() + begin),
                    reinterpret_cast<const unsigned char*>(piece.data()),
                    static_cast<int>(piece.size()));
    out.pop_back();
  }
  return out;
}

bool is_json(std::string_view bytes) {
  json::parse_options options;
  options.max_depth = 256;
  json::error_code error;
  json::stream_parser parser({}, options);
  parser.write(bytes.data(), bytes.size(), error);
  if (!error) parser.finish(error);
  return !error;
}

// Left to the JSON parser, which refuses strings that are not UTF-8: every ASCII byte becomes a
// harmless one (it ends a sequence either way), so that nothing else can be wrong.
bool is_utf8(std::string_view bytes) {
  std::string quoted = "\"";
  for (const char c : bytes) quoted += static_cast<unsigned char>(c) < 0x80 ? '.' : c;
  quoted += '"';
  return is_json(quoted);
}

std::string quoted(std::string_view text) { return json::serialize(json::string(text)); }

}  // namespace

std::string rfc3339(std::uint64_t utc_micros) {
  using namespace std::chrono;
  const sys_time<microseconds> instant{microseconds(utc_micros)};
  const auto day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

JsonLine& JsonLine::raw(std::string_view name, std::string_view json) {
  line_ += line_.empty() ? "{\"" : ",\"";
  line_ += name;
  line_ += "\":";
  line_ += json;
  return *this;
}

JsonLine& JsonLine::text(std::string_view name, std::string_view bytes) {
  if (is_utf8(bytes)) return raw(name, quoted(bytes));
  return encoded(name, base64(bytes), "base64");
}

JsonLine& JsonLine::attribute(std::string_view name, std::string_view bytes) {
  const std::string safe = quoted(is_utf8(name) ? std::string(name) : base64(name));
  return text(std::string_view(safe).substr(1, safe.size() - 2), bytes);
}

JsonLine& JsonLine::body(std::string_view name, std::string_view bytes) {
  if (is_json(bytes)) {
    // Line ends stand only between the tokens of valid JSON, where any white space may stand.
    std::string line(bytes);
    std::ranges::replace_if(line, [](char c) { return c == '\r' || c == '\n'; }, ' ');
    return raw(name, line);
  }
  if (is_utf8(bytes)) return encoded(name, bytes, "text");
  return encoded(name, base64(bytes), "base64");
}

JsonLine& JsonLine::time(std::string_view name, std::uint64_t utc_micros) {
  if (utc_micros == 0) return *this;
  return raw(name, '"' + rfc3339(utc_micros) + '"');
}

JsonLine& JsonLine::encoded(std::string_view name, std::string_view bytes,
                            std::string_view encoding) {
  raw(name, quoted(bytes));
  return raw(std::string(name) + "_encoding", '"' + std::string(encoding) + '"');
}

}  // namespace tidemill

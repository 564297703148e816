#include "json_text/json_text.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace tidemill {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

// Length of the UTF-8 sequence that `text` begins with; 0 if it begins with none.
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return length <= text.size() && simdjson::validate_utf8(text.data(), length) ? length : 0;
}

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (!needs_escape(c)) {
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

// How much of `text` has nothing to escape. Eight bytes at a time: in a word, the high bit of each
// byte is set where that byte is what is looked for, or stands behind such a one.
std::size_t clean_length(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x80 * ones;
  const auto below = [](std::uint64_t word, std::uint64_t bound) {
    return (word - bound * ones) & ~word & highs;
  };
  std::size_t at = 0;
  for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    const std::uint64_t quotes = word ^ ('"' * ones);
    const std::uint64_t backslashes = word ^ ('\\' * ones);
    if ((below(word, 0x20) | below(quotes, 1) | below(backslashes, 1)) != 0) break;
  }
  while (at < text.size() && !needs_escape(text[at])) ++at;
  return at;
}

// Of one digit of base64; 64 for any other character.
constexpr std::uint32_t base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a' + 26);
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0' + 52);
  return c == '+' ? 62 : c == '/' ? 63 : 64;
}

constexpr std::array<std::uint8_t, 256> base64_values = [] {
  std::array<std::uint8_t, 256> values{};
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::uint8_t>(base64_value(static_cast<char>(i)));
  return values;
}();

bool parses(std::string_view data) {
  // One parser per thread: it keeps its buffers, so that a line costs no allocation.
  thread_local simdjson::dom::parser parser;
  return parser.parse(data.data(), data.size()).error() == simdjson::SUCCESS;
}

// For short text, which most of it is, simdjson takes longer to begin than this takes in all.
bool is_short_ascii(std::string_view text) {
  constexpr std::size_t short_text = 64;
  if (text.size() > short_text) return false;
  unsigned all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

bool is_utf8(std::string_view data) {
  return is_short_ascii(data) || simdjson::validate_utf8(data.data(), data.size());
}

void append_base64_member(std::string& out, std::string_view data) {
  out += "\"data_base64\": \"";
  append_base64(out, data);
  out += '"';
}

// Precondition: is_utf8(data).
void append_json_value(std::string& out, std::string_view content_type, std::string_view data) {
  if (!names_json(content_type) || !parses(data)) return append_json_string(out, data);
  const std::size_t start = out.size();
  out += data;
  // In valid JSON a raw line break can only stand between tokens.
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(start), out.end(),
      [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace

void append_base64(std::string& out, std::string_view data) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < data.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, data.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = (group << 8) | (k < have ? static_cast<unsigned char>(data[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= have ? digits[(group >> (18 - 6 * k)) & 63] : '=';
  }
}

bool append_from_base64(std::string& out, std::string_view text) {
  if (text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::size_t start = out.size();
  out.reserve(start + text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t digits = i + 4 == text.size() ? 4 - padding : 4;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::uint32_t value =
          k < digits ? base64_values[static_cast<unsigned char>(text[i + k])] : 0;
      if (value == 64) {
        out.resize(start);
        return false;
      }
      group = (group << 6) | value;
    }
    for (std::size_t k = 0; k + 1 < digits; ++k)
      out += static_cast<char>((group >> (16 - 8 * k)) & 0xFF);
  }
  return true;
}

bool names_json(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type.empty() || type.ends_with("/json") || type.ends_with("+json");
}

void append_json_escaped(std::string& out, std::string_view text) {
  // Most text has nothing to escape: copy it in stretches.
  for (;;) {
    const std::size_t clean = clean_length(text);
    out.append(text, 0, clean);
    if (clean == text.size()) return;
    append_escaped(out, text[clean]);
    text.remove_prefix(clean + 1);
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_utf8(text)) {
    append_json_escaped(out, text);
  } else {
    while (!text.empty()) {
      const std::size_t length = sequence_length(text);
      if (length == 0)
        out += "\xEF\xBF\xBD";
      else if (length == 1)
        append_escaped(out, text[0]);
      else
        out += text.substr(0, length);
      text.remove_prefix(std::max<std::size_t>(length, 1));
    }
  }
  out += '"';
}

void append_json_line(std::string& out, std::string_view content_type, std::string_view data) {
  if (is_utf8(data)) {
    append_json_value(out, content_type, data);
  } else {
    out += '{';
    append_base64_member(out, data);
    out += '}';
  }
  out += '\n';
}

void append_data_member(std::string& out, std::string_view content_type, std::string_view data) {
  if (!is_utf8(data)) return append_base64_member(out, data);
  out += "\"data\": ";
  append_json_value(out, content_type, data);
}

}  // namespace tidemill

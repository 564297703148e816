#include "core/observe/printable.h"

#include <cstddef>
#include <cstdint>

namespace tidemill {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<std::uint8_t>(text[index]) : std::uint8_t{0};
}

// Length of the well-formed UTF-8 sequence that `text` starts with, by the table of Unicode 15,
// chapter 3.9: no overlong forms, no surrogates, nothing past U+10FFFF. 0: ill-formed.
std::size_t sequence_length(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;

  std::uint8_t low = 0x80;
  std::uint8_t high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  const std::uint8_t second = byte_at(text, 1);
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  return length;
}

// Told as JSON tells it.
void append_escape(std::string& out, std::uint8_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out += digits[code >> 4];
  out += digits[code & 0xF];
}

// U+0080 to U+009F: a terminal may take U+009B for the beginning of a command, as it does ESC [.
bool is_wide_control(std::string_view letter) {
  return letter.size() == 2 && byte_at(letter, 0) == 0xC2 && byte_at(letter, 1) < 0xA0;
}

void append_ascii(std::string& out, char c, Place place) {
  const auto byte = static_cast<std::uint8_t>(c);
  if (place == Place::json_string && (c == '"' || c == '\\')) {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte == 0x7F) {
    append_escape(out, byte);
  } else {
    out += c;
  }
}

}  // namespace

std::string printable(std::string_view text, Place place) {
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 1) {
      append_ascii(out, text.front(), place);
    } else if (is_wide_control(text.substr(0, length))) {
      append_escape(out, byte_at(text, 1));
    } else if (length > 1) {
      out += text.substr(0, length);
    } else {
      out += replacement;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace tidemill

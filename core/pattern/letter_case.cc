#include "core/pattern/letter_case.h"

#include <clocale>
#include <cwctype>

#include <algorithm>
#include <cstdint>

namespace tidemill::pattern {
namespace {

constexpr std::uint32_t no_character = 0xFFFFFFFF;

// The character that `text` begins with, and how many bytes it takes; `no_character` for a byte
// that begins none.
std::uint32_t read_character(std::string_view text, std::size_t& length) {
  const auto byte = [text](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const std::uint32_t lead = byte(0);
  length = lead < 0x80   ? 1
           : lead < 0xC2 ? 0
           : lead < 0xE0 ? 2
           : lead < 0xF0 ? 3
           : lead < 0xF5 ? 4
                         : 0;
  if (length == 1) return lead;
  std::uint32_t character = length == 0 ? 0 : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) length = 0;
    character = (character << 6) | (byte(i) & 0x3FU);
  }
  const bool needless = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  if (length == 0 || needless || character > 0x10FFFF) {
    length = 1;
    return no_character;
  }
  return character;
}

void append_character(std::string& out, std::uint32_t character) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0U | (character >> 6));
    put(0x80U | (character & 0x3FU));
  } else if (character < 0x10000) {
    put(0xE0U | (character >> 12));
    put(0x80U | ((character >> 6) & 0x3FU));
    put(0x80U | (character & 0x3FU));
  } else {
    put(0xF0U | (character >> 18));
    put(0x80U | ((character >> 12) & 0x3FU));
    put(0x80U | ((character >> 6) & 0x3FU));
    put(0x80U | (character & 0x3FU));
  }
}

// The C library knows the letters of all alphabets, in any locale of UTF-8; this one is built in.
locale_t unicode() {
  static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// By way of the upper case: σ and ς have only that in common.
std::uint32_t lower(std::uint32_t character) {
  if (unicode() == nullptr) return character;
  const auto upper = ::towupper_l(static_cast<wint_t>(character), unicode());
  return static_cast<std::uint32_t>(::towlower_l(upper, unicode()));
}

char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

void fold_case(std::string_view text, std::string& out) {
  out.resize(text.size());
  unsigned char seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    seen |= static_cast<unsigned char>(text[i]);
    out[i] = lower_ascii(text[i]);
  }
  if (seen < 0x80) return;
  out.clear();
  while (!text.empty()) {
    std::size_t length = 0;
    const std::uint32_t character = read_character(text, length);
    if (character == no_character)
      out += text[0];
    else
      append_character(out, lower(character));
    text.remove_prefix(length);
  }
}

std::string folded(std::string_view text) {
  std::string out;
  fold_case(text, out);
  return out;
}

}  // namespace tidemill::pattern

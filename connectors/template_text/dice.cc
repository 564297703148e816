#include "dice.h"

namespace tidemill::template_text {

std::uint64_t within(std::uint64_t dice, std::uint64_t span) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{dice} * (Wide{span} + 1)) >> 64);
}

char* put_decimal(char* to, std::int64_t value, std::uint32_t decimals) {
  if (value < 0) *to++ = '-';
  std::uint64_t digits =
      value < 0 ? -static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::uint64_t unit = 1;
  for (std::uint32_t i = 0; i < decimals; ++i) unit *= 10;
  to = put(to, digits / unit);
  if (decimals == 0) return to;
  *to++ = '.';
  for (digits %= unit; unit > 1; digits %= unit) {
    unit /= 10;
    *to++ = static_cast<char>('0' + digits / unit);
  }
  return to;
}

char* put_uuid(char* to, std::uint64_t dice) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-4xxx-vxxx-xxxxxxxxxxxx";
  constexpr std::string_view hex = "0123456789abcdef";
  std::uint64_t bits = mixed(dice);
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (i == form.size() / 2) bits = mixed(~dice);
    char c = form[i];
    if (c == 'x' || c == 'v') {
      c = hex[c == 'x' ? bits % 16 : 8 + bits % 4];
      bits >>= 4;
    }
    *to++ = c;
  }
  return to;
}

char* put_letters(char* to, std::uint64_t dice, std::uint64_t count) {
  std::uint64_t bits = 0;
  for (std::uint64_t i = 0; i < count; ++i, bits >>= 6) {
    if (i % 10 == 0) bits = mixed(dice + i);
    *to++ = letter(bits);
  }
  return to;
}

}  // namespace tidemill::template_text

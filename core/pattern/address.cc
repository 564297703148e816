#include "core/pattern/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace tidemill::pattern {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_v4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr Interval<Address> every_address = [] {
  Interval<Address> all;
  all.high.family = 6;
  all.high.bytes.fill(0xff);
  return all;
}();

template <class T>
std::optional<T> parse_decimal(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Address> parse_v4(std::string_view text) {
  Address address{.family = 4, .bytes = {}};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t point = text.find('.');
    if ((point == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto part = parse_decimal<std::uint8_t>(text.substr(0, point));
    if (!part) return std::nullopt;
    address.bytes[i] = *part;
    if (i < 3) text.remove_prefix(point + 1);
  }
  return address;
}

std::optional<Address> parse_v6(std::string_view text) {
  constexpr std::size_t length_max = 45;
  if (text.size() > length_max ||
      text.find_first_not_of("0123456789abcdefABCDEF:") != std::string_view::npos)
    return std::nullopt;
  Address address{.family = 6, .bytes = {}};
  const std::string terminated(text);
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  if (std::ranges::equal(std::span(address.bytes).first(mapped_v4.size()), mapped_v4)) {
    Address v4{.family = 4, .bytes = {}};
    std::ranges::copy(std::span(address.bytes).last(4), v4.bytes.begin());
    return v4;
  }
  return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  const std::size_t mark = text.find_first_of(".:");
  if (mark == std::string_view::npos) return std::nullopt;
  return text[mark] == '.' ? parse_v4(text) : parse_v6(text);
}

std::variant<Interval<Address>, std::string> parse_cidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || text.find('/', slash + 1) != std::string_view::npos)
    return "a CIDR block is an address, one '/' and the bits of its mask, such as 10.0.0.0/24";
  const auto address = parse_address(text.substr(0, slash));
  if (!address)
    return "'" + std::string(text.substr(0, slash)) +
           "' is no IP address; expected a block such as 10.0.0.0/24 or 2001:db8::/64";
  const unsigned width = address->family == 4 ? 32 : 128;
  const auto bits = parse_decimal<unsigned>(text.substr(slash + 1));
  if (bits == width)
    return "a block of a single address; write the address itself as a string, \"" +
           std::string(text.substr(0, slash)) + "\"";
  if (!bits || *bits > width)
    return "the mask of an IPv" + std::to_string(address->family) +
           " block is a number from 0 to " + std::to_string(width - 1) + ", not '" +
           std::string(text.substr(slash + 1)) + "'";
  if (*bits == 0) return every_address;
  Interval<Address> block{*address, *address};
  for (unsigned bit = *bits; bit < width; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    block.low.bytes[bit / 8] &= static_cast<std::uint8_t>(~mask);
    block.high.bytes[bit / 8] |= mask;
  }
  return block;
}

}  // namespace tidemill::pattern

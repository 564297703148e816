// IP addresses and CIDR blocks as patterns write them. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/pattern/interval.h"

namespace tidemill::pattern {

/// Ordered within its family; addresses of different families are never in one block. An IPv4
/// address that is written as IPv6 (::ffff:a00:1) is the IPv4 address.
struct Address {
  std::uint8_t family = 0;  ///< 4 or 6.
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const Address&, const Address&) = default;
};

/// Four decimal numbers with points, or IPv6 in hexadecimal with colons; nothing else, and no
/// zones.
std::optional<Address> parse_address(std::string_view text);

/// All addresses of the block, whichever of them it is written with: 10.1.2.3/8 is 10.0.0.0/8. A
/// mask of 0 is every address, of both families. Else a sentence that says what is wrong.
std::variant<Interval<Address>, std::string> parse_cidr(std::string_view text);

}  // namespace tidemill::pattern
